//! What `voice` says.

use crate::cli::tongue::phrases;

phrases! {
    no_espeak(error) "espeak-ng cannot be run: {error}; apt-get install espeak-ng" => "无法运行 espeak-ng：{error}；请 apt-get install espeak-ng";
    espeak_failed(words, error) "espeak-ng does not say \"{words}\": {error}" => "espeak-ng 没有读出“{words}”：{error}";
    rendered(clips, folder) "{clips} clips in {folder}, for tests only: espeak-ng's Mandarin is not fit for patients"
        => "{folder} 中已有 {clips} 段录音，仅供测试：espeak-ng 的普通话不宜播报给患者";
}
