//! `GET /wxa/get_category` (mini-program server API, api_getallcategoryname).

use serde::{Deserialize, Serialize};

use super::Weixin;
use crate::{fault::Failure, http::Method, identity::lenient, words::Deadline};

/// A category that the mini-program has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// First level.
    #[serde(default, deserialize_with = "lenient::text_or_empty")]
    pub first_class: String,
    /// Second level.
    #[serde(default, deserialize_with = "lenient::text_or_empty")]
    pub second_class: String,
    /// Third level, where there is one.
    #[serde(default, deserialize_with = "lenient::text", skip_serializing_if = "Option::is_none")]
    pub third_class: Option<String>,
    /// Its number.
    #[serde(deserialize_with = "lenient::whole_number")]
    pub first_id: i64,
    /// Its number.
    #[serde(deserialize_with = "lenient::whole_number")]
    pub second_id: i64,
    /// Its number.
    #[serde(default, deserialize_with = "lenient::number", skip_serializing_if = "Option::is_none")]
    pub third_id: Option<i64>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default, deserialize_with = "lenient::list")]
    category_list: Vec<Category>,
}

impl Category {
    /// What the mini-program's button takes as `category-id`.
    pub fn button(&self) -> [i64; 2] {
        [self.first_id, self.second_id]
    }
}

impl Weixin {
    /// The mini-program's categories; none is legal.
    pub fn categories(&self, deadline: Deadline) -> Result<Vec<Category>, Failure> {
        self.call(Method::Get, "/wxa/get_category", None, deadline).map(|Answer { category_list }| category_list)
    }
}
