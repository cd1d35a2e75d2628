//! What an operator does where the cause tells more than the code: the one table, in English and Chinese.

use super::Tongue;

macro_rules! cures {
    ($($(#[$doc:meta])* $cure:ident $en:literal => $zh:literal;)*) => {
        /// A cure that depends on the cause.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Cure { $($(#[$doc])* $cure,)* }

        impl Cure {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$cure,)*];

            /// In words.
            pub fn text_in(self, tongue: Tongue) -> &'static str {
                match self { $(Self::$cure => tongue.of($en, $zh),)* }
            }
        }
    };
}

cures! {
    /// The server's certificate names another server.
    OtherName "write the name that its certificate is for into the address, have its certificate issued for this name, or find what answers in its place"
        => "把地址改成证书上的域名，为此域名重新签发对方的证书，或查清是谁在代它应答";
    /// The server's certificate is over.
    Expired "have the server's certificate renewed; if its dates are right, set the board's clock"
        => "请对方更新证书；若证书日期无误，校准设备时钟";
    /// The server's certificate has not begun.
    NotYetValid "set the board's clock; else the server's certificate begins later"
        => "校准设备时钟；否则是对方的证书尚未生效";
    /// The server signed its certificate itself.
    SelfSigned "put the server's own certificate into ca-file if it is the right server, or have it use one of an authority"
        => "确认是对的服务器后，把它的证书放进 ca-file；或请对方改用证书机构签发的证书";
    /// Nobody whom we trust issued the server's certificate.
    UnknownIssuer "have the server send its intermediate certificates, or put the authority's certificate into ca-file; or find what intercepts TLS"
        => "请对方把中间证书一并发出，或把签发机构的证书放进 ca-file；或查清是什么在拦截 TLS";
    /// The server shows an authority's certificate.
    Authority "have the server's certificate issued as a server's own (CA:FALSE), and put the authority's into ca-file"
        => "请对方签发服务器自己的证书（CA:FALSE），并把签发机构的证书放进 ca-file";
    /// A certificate of the first version bears no name.
    OldCertificate "have the server's certificate issued anew as X.509 version 3, with the server's name in it"
        => "请对方按 X.509 第 3 版重新签发证书，并写入服务器域名";
    /// Plain HTTP, or something else.
    NotTls "give the port on which the server speaks https; another program may be answering there"
        => "填写对方提供 https 的端口；该端口上可能是别的程序";
    /// The server does not believe our certificate.
    OurCertificate "have the server's side accept our client-certificate, or renew it"
        => "请对方接受我们的 client-certificate，或更换它";
    /// Protocol versions or ciphers.
    NothingInCommon "have the server offer TLS 1.2 or 1.3 with today's ciphers"
        => "请对方启用 TLS 1.2 或 1.3 以及现行的加密套件";
    /// The resolver knows no such name.
    NoSuchName "check how the name is written and whether the board's resolver knows it"
        => "检查域名是否写对，以及设备的 DNS 能否解析它";
    /// A machine is there, and nothing listens.
    PortClosed "check the port, and that the server runs and its firewall lets us in"
        => "检查端口，确认对方服务在运行，且其防火墙允许本机";
    /// No way to the machine, or no word of it.
    NoRoute "check cable, route and firewall between here and the server"
        => "检查本机到对方的网线、路由和防火墙";
}
