//! CODE128 as it is printed (ISO/IEC 15417): bars and spaces in modules, code set B.

/// Bars and spaces of each value, beginning with a bar; 106 is the stop with its last bar.
const PATTERNS: [&str; 107] = [
    "212222", "222122", "222221", "121223", "121322", "131222", "122213", "122312", "132212", "221213", "221312",
    "231212", "112232", "122132", "122231", "113222", "123122", "123221", "223211", "221132", "221231", "213212",
    "223112", "312131", "311222", "321122", "321221", "312212", "322112", "322211", "212123", "212321", "232121",
    "111323", "131123", "131321", "112313", "132113", "132311", "211313", "231113", "231311", "112133", "112331",
    "132131", "113123", "113321", "133121", "313121", "211331", "231131", "213113", "213311", "213131", "311123",
    "311321", "331121", "312113", "312311", "332111", "314111", "221411", "431111", "111224", "111422", "121124",
    "121421", "141122", "141221", "112214", "112412", "122114", "122411", "142112", "142211", "241211", "221114",
    "413111", "241112", "134111", "111242", "121142", "121241", "114212", "124112", "124211", "411212", "421112",
    "421211", "212141", "214121", "412121", "111143", "111341", "131141", "114113", "114311", "411113", "411311",
    "113141", "114131", "311141", "411131", "211412", "211214", "211232", "2331112",
];

const START_B: usize = 104;
const STOP: usize = 106;

/// The modules of a text of printable ASCII, each dark or light, from start to stop without quiet zones.
pub(super) fn modules(text: &[u8]) -> Vec<bool> {
    let values: Vec<usize> = text.iter().map(|byte| usize::from(byte.saturating_sub(b' ')) % 96).collect();
    let check = (START_B + values.iter().zip(1..).map(|(value, weight)| value * weight).sum::<usize>()) % 103;
    let all = [START_B].into_iter().chain(values).chain([check, STOP]);
    all.flat_map(|value| PATTERNS[value].bytes().enumerate())
        .flat_map(|(index, width)| (b'0'..width).map(move |_| index % 2 == 0))
        .collect()
}
