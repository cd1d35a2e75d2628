//! What a browser loads, compiled in.

use axum::http::{HeaderName, header};

type Asset = ([(HeaderName, &'static str); 1], &'static str);

pub(super) async fn page() -> Asset {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], include_str!("../assets/kiosk.html"))
}

pub(super) async fn style() -> Asset {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../assets/kiosk.css"))
}

pub(super) async fn script() -> Asset {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("../assets/kiosk.js"))
}
