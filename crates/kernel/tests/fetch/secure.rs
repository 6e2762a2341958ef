//! Encrypted connections: whose certificate nobody vouches for is not asked.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kernel::{
    fetch::{FetchError, Fetcher, Policy},
    testkit::foreign::{TestNames, answer, serve_one},
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::{assert_fails, get};

/// A root made for this test, valid until 2120, and a certificate of `safe.test` that it signed, with its key. They
/// protect nothing.
const ROOT: &str = "MIIBZzCCAQ2gAwIBAgIBATAKBggqhkjOPQQDAjAaMRgwFgYDVQQDDA9PZGVvbiB0ZXN0IHJvb3QwIBcNMjAwMTAxMDAwMDAw\
     WhgPMjEyMDAxMDEwMDAwMDBaMBoxGDAWBgNVBAMMD09kZW9uIHRlc3Qgcm9vdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA\
     BCLJH20+VO4tpYiYqzkO6pdBNA9rfmZRL7H9qKFIA5mrCjQ7qJK7/Jc+5ui2HMw5WNXDBzSDNNMKus0FlGuDxnijQjBAMA8G\
     A1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgIEMB0GA1UdDgQWBBQltzYaETptcm7OCy+xIiTx8gMdXzAKBggqhkjOPQQD\
     AgNIADBFAiA5ZSGQFWxZLSHkQEqIykpX1dWRn6jhMqe/3uqTrdoQIwIhAOmiXwRHyEkMUVnu4/CMudpa/JNuL9Bu2FpyHS1O\
     vYJs";
const SAFE: &str = "MIIBlzCCAT2gAwIBAgIBAjAKBggqhkjOPQQDAjAaMRgwFgYDVQQDDA9PZGVvbiB0ZXN0IHJvb3QwIBcNMjAwMTAxMDAwMDAw\
     WhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMMCXNhZmUudGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCLwO2yW\
     jzXa+LF+MUP15VT3EWvyT/tlSIr1EQf872QwBAlvm1T8cKiV7IGlawyznLE3hnHZysBz2h7LW0owHEujeDB2MBQGA1UdEQQN\
     MAuCCXNhZmUudGVzdDAJBgNVHRMEAjAAMBMGA1UdJQQMMAoGCCsGAQUFBwMBMB0GA1UdDgQWBBRPllG8j5eM4eqQZO6Y+Q9k\
     LDSBKjAfBgNVHSMEGDAWgBQltzYaETptcm7OCy+xIiTx8gMdXzAKBggqhkjOPQQDAgNIADBFAiEA8QzkCZirM25Fs3wEn9JV\
     IOIYWByYW+38EMDPpV/8/98CIDJLdN/Mhuk2BHv4SRnhLyQfnGwdU7v1eWnODbZ2fdtE";
const KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgvEBW0Ao+c2TgJhY8lFqBAI9wxgrw0zqt8FKn2xDvpu2hRANC\
     AAQi8Dtslo812vixfjFD9eVU9xFr8k/7ZUiK9REH/O9kMAQJb5tU/HColeyBpWsMs5yxN4Zx2crAc9oey1tKMBxL";

fn bytes(text: &str) -> Vec<u8> {
    STANDARD.decode(text).expect("what stands here is right")
}

/// A server at whose port `safe.test` is served; it ends with the test.
async fn safe_server() -> u16 {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(bytes(KEY)));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("what stands here is right")
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(bytes(SAFE))], key)
        .expect("what stands here is right");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("what stands here is right");
    let port = listener.local_addr().expect("what stands here is right").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                serve_one(&mut stream, |_| answer(200, &[], "safe")).await;
            }
        }
    });
    port
}

fn policy() -> Policy {
    Policy::default()
        .allowing("127.0.0.1".parse().expect("what stands here is right"))
        .with_names(Arc::new(TestNames))
}

#[tokio::test]
async fn only_a_name_that_its_certificate_vouches_for_is_asked() {
    let port = safe_server().await;
    let (stranger, friend) =
        (Fetcher::new(policy()).unwrap(), Fetcher::new(policy().trusting(bytes(ROOT))).unwrap());
    let safe = get(&format!("https://safe.test:{port}/"));
    assert_eq!(friend.read(&safe).await.unwrap(), "safe");
    assert_fails!(stranger.read(&safe).await, FetchError::NotReachable(_));
    let other = get(&format!("https://other.test:{port}/"));
    assert_fails!(friend.read(&other).await, FetchError::NotReachable(_));
    let number = get(&format!("https://127.0.0.1:{port}/"));
    assert_fails!(friend.read(&number).await, FetchError::NotReachable(_));
}

#[tokio::test]
async fn a_server_that_does_not_encrypt_is_not_asked_for_what_is_safe() {
    let plain = kernel::testkit::foreign::Foreign::start(|_| answer(200, &[], "plain")).await;
    let address = format!("https://safe.test:{}/", plain.address.port());
    let friend = Fetcher::new(policy().trusting(bytes(ROOT))).unwrap();
    assert_fails!(friend.read(&get(&address)).await, FetchError::NotReachable(_) | FetchError::TooSlow);
}
