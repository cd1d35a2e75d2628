//! Both engines against the vectors and against each other; keys that must be refused.

use std::{fs, os::unix::fs::PermissionsExt as _};

use facemchd::{
    fault::{Code, Failure, Fault as _},
    vault::{self, EngineKind, KeyFiles, Padding, PublicKey, RequestToSign, SignedAnswer, Vault, Verified},
};
use rsa::{
    Oaep, Pkcs1v15Encrypt, RsaPrivateKey, RsaPublicKey, pkcs1::EncodeRsaPrivateKey as _, pkcs8::DecodePrivateKey as _,
};

use crate::keys::{Keys, data, signer, vectors};

const ENGINES: [EngineKind; 2] = [EngineKind::AwsLc, EngineKind::RustCrypto];

fn vector_serial() -> String {
    let authorization = vectors()["request"]["authorization"].as_str().expect("text").to_owned();
    let (_, rest) = authorization.split_once("serial_no=\"").expect("a serial");
    rest[..40].to_owned()
}

fn verified(answer: &serde_json::Value) -> Verified {
    let keys = Keys::new();
    let key = PublicKey::read(&keys.path("platform.pub.pem")).expect("a key");
    vault::verify(&key, signed(answer)).expect("signed by the platform")
}

fn signed(answer: &serde_json::Value) -> SignedAnswer {
    let header = |name: &str| answer["headers"][name].as_str().expect("a header").to_owned();
    SignedAnswer {
        timestamp: header("Wechatpay-Timestamp"),
        nonce: header("Wechatpay-Nonce"),
        signature: header("Wechatpay-Signature"),
        body: answer["body"].as_str().expect("a body").as_bytes().to_vec(),
    }
}

#[test]
fn the_request_of_the_vectors_is_signed_byte_for_byte() {
    let vector = &vectors()["request"];
    let request = RequestToSign {
        method: "GET",
        path_and_query: vector["url"].as_str().expect("an url"),
        timestamp: 1_700_000_000,
        nonce: "0123456789abcdefABCDEF0123456789",
        body: b"",
    };
    for engine in ENGINES {
        let vault = Keys::new().vault(engine, &vector_serial()).expect("keys");
        let authorization = vault.sign_request(&request).expect("one of our requests");
        assert_eq!(authorization, vector["authorization"].as_str().expect("text"), "{engine:?}");
    }
}

#[test]
fn every_answer_of_the_vectors_verifies_and_opens_in_both_engines() {
    for (name, answer) in vectors()["responses"].as_object().expect("answers") {
        let verified = verified(answer);
        let body: serde_json::Value = serde_json::from_slice(verified.body()).expect("JSON");
        let info = &body["real_name_info"];
        let padding = if name.starts_with("oaep") { Padding::OaepSha1 } else { Padding::Pkcs1v15 };
        for engine in ENGINES {
            let vault = Keys::new().vault(engine, &vector_serial()).expect("keys");
            let open = |field: &str| {
                let sealed = verified.seal(info[field].as_str().expect("base64"));
                vault.open_sealed(padding, &sealed).expect("opens")
            };
            let wanted = answer["expect"]["name"].as_str().expect("a name");
            let wanted = if name.ends_with("gbk") {
                encoding_rs::GB18030.encode(wanted).0.into_owned()
            } else {
                wanted.as_bytes().to_vec()
            };
            assert_eq!(*open("encrypted_real_name"), wanted, "{name} {engine:?}");
            assert_eq!(
                *open("encrypted_credential_id"),
                answer["expect"]["credential_id"].as_str().expect("an id").as_bytes()
            );
        }
    }
}

#[test]
fn any_change_of_an_answer_is_seen() {
    let keys = Keys::new();
    let key = PublicKey::read(&keys.path("platform.pub.pem")).expect("a key");
    let genuine = signed(&vectors()["responses"]["pkcs1_utf-8"]);
    let mut changed = [(); 5].map(|()| genuine.clone());
    changed[0].body[30] ^= 1;
    changed[1].timestamp = "1700000002".to_owned();
    changed[2].nonce.push('x');
    changed[3].signature.replace_range(0..1, "A");
    changed[4].signature = "WECHATPAY/SIGNTEST/AAAA".to_owned();
    assert!(vault::verify(&key, genuine).is_ok());
    for answer in changed {
        assert!(vault::verify(&key, answer).is_err());
    }
}

#[test]
fn what_one_padding_sealed_the_other_never_opens_to_a_name() {
    let answer = &vectors()["responses"]["pkcs1_utf-8"];
    let verified = verified(answer);
    let body: serde_json::Value = serde_json::from_slice(verified.body()).expect("JSON");
    let sealed = verified.seal(body["real_name_info"]["encrypted_real_name"].as_str().expect("base64"));
    for engine in ENGINES {
        let vault = Keys::new().vault(engine, &vector_serial()).expect("keys");
        assert!(vault.open_sealed(Padding::OaepSha1, &sealed).is_err(), "{engine:?}");
    }
}

#[test]
fn what_is_sealed_for_us_opens_in_both_engines_whatever_its_length() {
    let public = RsaPublicKey::from(&RsaPrivateKey::from_pkcs8_pem(&data("sub.key.pem")).expect("a key"));
    let mut random = rand::rngs::OsRng;
    for length in [0, 1, 2, 100, 190, 214] {
        let plaintext = vec![0xB1; length];
        let oaep = public.encrypt(&mut random, Oaep::new::<sha1::Sha1>(), &plaintext).expect("fits");
        let pkcs1 = public.encrypt(&mut random, Pkcs1v15Encrypt, &plaintext).expect("fits");
        for (padding, ciphertext) in [(Padding::OaepSha1, oaep), (Padding::Pkcs1v15, pkcs1)] {
            let sealed = sealed(&ciphertext);
            for engine in ENGINES {
                let vault = Keys::new().vault(engine, &vector_serial()).expect("keys");
                assert_eq!(*vault.open_sealed(padding, &sealed).expect("opens"), plaintext, "{length} {engine:?}");
            }
        }
    }
}

/// A ciphertext out of an answer that the platform signs for this test.
fn sealed(ciphertext: &[u8]) -> vault::Sealed {
    use base64::Engine as _;
    let platform = crate::keys::world().platform;
    let (timestamp, nonce) = ("1".to_owned(), "n".to_owned());
    let signature = platform.sign(b"1\nn\n{}\n");
    let keys = Keys::new();
    let key = PublicKey::read(&keys.path("platform.pub.pem")).expect("a key");
    let verified =
        vault::verify(&key, SignedAnswer { timestamp, nonce, signature, body: b"{}".to_vec() }).expect("signed");
    verified.seal(&base64::prelude::BASE64_STANDARD.encode(ciphertext))
}

#[test]
fn what_is_no_ciphertext_does_not_open() {
    for engine in ENGINES {
        let vault = Keys::new().vault(engine, &vector_serial()).expect("keys");
        for bytes in [&[][..], &[7; 255], &[7; 257], &[0; 256], &[0xFF; 256]] {
            for padding in [Padding::OaepSha1, Padding::Pkcs1v15] {
                assert!(vault.open_sealed(padding, &sealed(bytes)).is_err(), "{engine:?} {padding:?} {}", bytes.len());
            }
        }
    }
}

#[test]
fn keys_come_as_pkcs8_and_pkcs1_with_any_line_ends() {
    let key = RsaPrivateKey::from_pkcs8_pem(&data("sp.key.pem")).expect("a key");
    let pkcs1 = key.to_pkcs1_pem(rsa::pkcs1::LineEnding::LF).expect("PEM").to_string();
    let pkcs8 = data("sp.key.pem");
    let with_text = format!("Bag Attributes\n  friendlyName: x\n{pkcs8}");
    for text in [pkcs1.clone(), pkcs1.replace('\n', "\r\n"), pkcs8.replace('\n', "\r\n"), with_text] {
        for engine in ENGINES {
            let keys = Keys::new();
            keys.write("sp.key.pem", &text);
            keys.vault(engine, &vector_serial()).expect("a key is a key");
        }
    }
}

fn refused(files: &KeyFiles) -> String {
    let texts =
        ENGINES.map(|engine| match Vault::open(signer(&vector_serial()), &KeyFiles { engine, ..files.clone() }) {
            Ok(_) => panic!("accepted"),
            Err(error) => format!("{} {}", error.code(), Failure::from(error).chain()),
        });
    assert_eq!(texts[0], texts[1]);
    texts[0].clone()
}

#[test]
fn keys_that_must_be_refused_each_have_a_text_of_their_own() {
    let keys = Keys::new();
    let files = keys.files();
    fs::set_permissions(&*files.sign, fs::Permissions::from_mode(0o640)).expect("chmod");
    assert!(refused(&files).starts_with("K402"));
    keys.write("sp.key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    let broken = refused(&files);
    assert!(broken.starts_with("K401") && !broken.contains("AAAA"), "{broken}");
    let short = RsaPrivateKey::new(&mut rand::rngs::OsRng, 1024).expect("a key");
    keys.write("sp.key.pem", &short.to_pkcs1_pem(rsa::pkcs1::LineEnding::LF).expect("PEM"));
    assert!(refused(&files).starts_with("K403"));
    fs::remove_file(&*files.sign).expect("removed");
    assert!(refused(&files).starts_with("K401"));
}

#[test]
fn a_key_that_does_not_belong_to_the_certificate_is_refused() {
    let keys = Keys::new();
    let mut files = KeyFiles { certificate: Some(keys.path("sp.crt.pem").into()), ..keys.files() };
    files.sign = keys.path("sub.key.pem").into();
    assert!(refused(&files).starts_with("K404"));
}

#[test]
fn only_our_own_requests_get_a_signature() {
    let vault = Keys::new().vault(EngineKind::AwsLc, &vector_serial()).expect("keys");
    for (method, path_and_query) in [
        ("POST", "/v3/refund/domestic/refunds"),
        ("GET", "/v3/facemch/users/a/../../refund/domestic/refunds"),
        ("GET", "/v3/facemch/users/"),
        ("GET", "/v3/pay/transactions/id/1?mchid=1"),
    ] {
        let request = RequestToSign { method, path_and_query, timestamp: 1, nonce: "abcdefgh", body: b"" };
        let error = vault.sign_request(&request).expect_err(path_and_query);
        assert_eq!(error.code(), Code::X001);
    }
}
