//! What `probe` says.

use crate::cli::tongue::phrases;

phrases! {
    no_device_tree() "has no device tree" => "没有设备树";
    no_chip() "no chip that may be opened (group gpio?)" => "没有可打开的芯片（是否在 gpio 组？）";
    lines(n, used) "{n} lines, {used} used" => "{n} 条线，已用 {used} 条";
    output() "output" => "输出";
    input() "input" => "输入";
    used_by(consumer) "used by {consumer}" => "占用者 {consumer}";
    free_lines() "For a board file: one of the free lines." => "写入板级文件：空闲线中的一条。";
    #[cfg(feature = "turnstile")]
    gate_on_a_port() "A gate whose controller is on one of these serial ports." => "控制器接在上述某个串口上的闸机。";
}
