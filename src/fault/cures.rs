//! What an operator does where the cause tells more than the code: the one table, in English and Chinese.

#[cfg(any(feature = "network", feature = "page"))]
use std::io;

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

impl Cure {
    /// What is done about a port on the network that cannot be had.
    #[cfg(any(feature = "network", feature = "page"))]
    pub(crate) fn of_port(error: &io::Error) -> Option<Self> {
        match error.kind() {
            io::ErrorKind::AddrInUse => Some(Self::PortTaken),
            io::ErrorKind::AddrNotAvailable => Some(Self::AddressNotOurs),
            io::ErrorKind::PermissionDenied => Some(Self::PortOfRoot),
            _ => None,
        }
    }
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
    /// The certificate lies in its key's place.
    CertificateForKey "name the private key's file instead (apiclient_key.pem): this is the certificate that belongs to it"
        => "改为填写私钥文件（apiclient_key.pem）：这里填的是与它配对的证书";
    /// A public key lies in a private one's place.
    PublicForKey "name the private key's file instead: a public key neither signs nor opens"
        => "改为填写私钥文件：公钥既不能签名，也不能解密";
    /// A private key lies where everybody may read.
    KeyForPublic "name the certificate's or public key's file instead, and keep the private key out of this place"
        => "改为填写证书或公钥文件：私钥不应放在这里";
    /// A public key lies in a certificate's place.
    PublicForCertificate "name the certificate's file instead (apiclient_cert.pem): this is only a public key"
        => "改为填写证书文件（apiclient_cert.pem）：这里填的只是公钥";
    /// A certificate lies in a public key's place.
    CertificateForPublic "name the public key's file instead (pub_key.pem), or leave it out and set keys.apiv3: certificates are downloaded then"
        => "改为填写公钥文件（pub_key.pem）；或去掉此项并配置 keys.apiv3，由程序下载平台证书";
    /// A key is locked.
    Locked "take the passphrase off: openssl pkcs8 -topk8 -nocrypt -in KEY -out NEW, and chmod 0600 NEW"
        => "去掉口令：openssl pkcs8 -topk8 -nocrypt -in 原文件 -out 新文件，再对新文件执行 chmod 0600";
    /// A key of an elliptic curve.
    EcKey "name the RSA key instead: WeChat Pay signs and seals with RSA alone"
        => "改为填写 RSA 私钥：微信支付的签名和加密只用 RSA";
    /// DER in PEM's place.
    Der "turn it into PEM: openssl pkey -inform DER -in FILE -out NEW for a key, openssl x509 -inform DER for a certificate"
        => "转换为 PEM：私钥用 openssl pkey -inform DER -in 原文件 -out 新文件，证书用 openssl x509 -inform DER";
    /// OpenSSH's own form.
    OpenSsh "turn it into PEM: ssh-keygen -p -m PEM -f KEY; WeChat's own tool makes no such key, so look whether it is the right one"
        => "转换为 PEM：ssh-keygen -p -m PEM -f 原文件；微信证书工具不会生成这种私钥，请确认文件没有弄错";
    /// A certificate was asked for, and this is the question.
    Request "name the key or the certificate instead: this is only the request for a certificate"
        => "改为填写私钥或证书文件：这里填的只是证书请求";
    /// The right kind, and not whole.
    DamagedFile "copy the file again from where it was made: it is of the right kind, and its content is damaged or not RSA"
        => "从原处重新复制该文件：种类没错，但内容已损坏，或不是 RSA";
    /// Nothing is in it.
    EmptyFile "copy the file again: nothing is in it"
        => "重新复制该文件：里面是空的";
    /// Something else lies in a file's place.
    OtherKind "correct the path, or remove what lies in the file's place"
        => "改正路径，或移走占着该文件位置的东西";
    /// More than any such file holds.
    LargeFile "put the right file there: none of its kind is that large"
        => "放入正确的文件：这类文件不会这么大";
    /// Another encoding, or no text at all.
    NotText "save the file as UTF-8 text"
        => "把文件存为 UTF-8 文本";
    /// A key lies where one line is wanted.
    NotALine "write the secret alone into the file, on one line: a key or certificate lies in its place"
        => "文件里只写密文本身，占一行：现在放的是密钥或证书";
    /// No such file.
    NoSuchFile "put the file there, or correct its path: relative paths begin at the site file's folder"
        => "把文件放到该处，或改正路径：相对路径从站点文件所在目录算起";
    /// The daemon's user may not read it.
    NotPermitted "give the file to the daemon's user (chown facemchd FILE, chmod 0600 FILE), and let it enter the folders above"
        => "把文件属主设为守护进程的运行用户（chown facemchd 文件，chmod 0600 文件），并允许它进入上级目录";
    /// The daemon's user may not use the state directory, or others may.
    StateNotOurs "give it to the daemon's user alone (chown -R facemchd DIR, chmod 0700 DIR), and let it enter the folders above"
        => "把它的属主设为守护进程的运行用户且仅其可用（chown -R facemchd 目录，chmod 0700 目录），并允许它进入上级目录";
    /// Something else lies at the state directory's path, or at one within it.
    InTheStatesPlace "move away what lies there, or name another state-dir"
        => "移走该处的文件，或另设 state-dir";
    /// The key of the keyed hashes is not whole.
    DamagedCorrelation "put the file back from a copy, or move it away: a new one is made, by which nobody of before is known again"
        => "用备份恢复该文件，或将其移走：程序会另建一个，但不再认得此前的人";
    /// Another program listens at the terminal's socket.
    SocketTaken "stop the other program (`ss -xlp` names it), or give the socket another path"
        => "停掉占用该套接字的程序（`ss -xlp` 会列出），或为该套接字换一个路径";
    /// Something else lies at the terminal's socket.
    NotASocket "move away what lies there, or give the socket another path"
        => "移走该处的文件，或为该套接字换一个路径";
    /// Something listens on a socket in a printer's place, or should.
    PrintersProgram "start the program at this socket that answers as a printer does (`ss -xlp` names what listens), or correct the path in the board file"
        => "启动在该套接字上代替打印机应答的程序（ss -xlp 可查看监听者），或改正板卡文件中的路径";
    /// A socket's path has a limit.
    PathTooLong "give the socket a shorter path; that of the staff lies in state-dir"
        => "为该套接字换一个更短的路径；工作人员的套接字位于 state-dir 中";
    /// A socket's folder is missing, or is not the daemon user's.
    SocketFolder "make the socket's folder, and let the daemon's user write there (chown facemchd FOLDER)"
        => "建立套接字所在的目录，并允许守护进程的运行用户写入（chown facemchd 目录）";
    /// Another program listens at the port.
    PortTaken "stop the other program (`ss -ltnp` names it), or write another port into the setting that the message names"
        => "停掉占用该端口的程序（`ss -ltnp` 会列出），或在提示所指的设置中换一个端口";
    /// The port's address is another machine's.
    AddressNotOurs "write an address that this machine has (`ip address` lists them), or 0.0.0.0 for all of them"
        => "填写本机拥有的地址（`ip address` 会列出），或用 0.0.0.0 表示全部地址";
    /// A port that only root may have.
    PortOfRoot "write a port from 1024 on: lower ones are root's"
        => "改用 1024 及以上的端口：更小的端口只有 root 能用";
    /// What systemd hands to the unit alone.
    OnlyInTheUnit "only the unit has this credential: start it with `systemctl start facemchd`, which reads LoadCredential"
        => "该凭据只交给服务单元：用 `systemctl start facemchd` 启动，由其 LoadCredential 读取";
}
