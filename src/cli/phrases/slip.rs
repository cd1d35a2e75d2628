//! What `facemchd test slip` says.

use crate::cli::tongue::phrases;

phrases! {
    drawn(file) "drawn: {file}" => "已绘制：{file}";
    no_paper() "no slip came out" => "没有凭条出来";
    needs_png() "test slip wants --png FILE" => "test slip 需要 --png 文件";
}
