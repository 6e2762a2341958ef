//! Where nobody is taken, by whatever way.

use std::{
    io,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use kernel::{
    fetch::{FetchError, Fetcher, Names, Policy},
    testkit::foreign::{Foreign, answer, fetcher_on_loopback},
};

use crate::{assert_fails, get};

/// Names that mean what a test says, one answer after the other.
struct Said(Vec<&'static str>, AtomicUsize);

#[async_trait]
impl Names for Said {
    async fn addresses(&self, _name: &str) -> io::Result<Vec<IpAddr>> {
        let nth = self.1.fetch_add(1, Ordering::SeqCst).min(self.0.len() - 1);
        Ok(self.0[nth].split(' ').map(|address| address.parse().expect("it is an address")).collect())
    }
}

fn strict(names: &[&'static str]) -> Fetcher {
    let names = Said(names.to_vec(), AtomicUsize::new(0));
    Fetcher::new(Policy::default().with_names(Arc::new(names))).expect("it can be made")
}

#[tokio::test]
async fn nobody_is_taken_into_the_house_by_an_address() {
    let house = Foreign::start(|_| answer(200, &[], "secret")).await;
    let port = house.address.port();
    let fetcher = Fetcher::new(Policy::default()).unwrap();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "017700000001",
        "0.0.0.0",
        "0",
        "localhost",
        "LOCALHOST",
        "127.0.0.1.",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "169.254.169.254",
        "10.0.0.1",
        "%31%32%37.0.0.1",
        "127。0。0。1",
    ] {
        for (port, scheme) in [(port, "http"), (80, "http"), (443, "https")] {
            let answer = fetcher.send(&get(&format!("{scheme}://{host}:{port}/"))).await;
            assert_fails!(answer, FetchError::Refused);
        }
    }
    assert!(house.asked().is_empty(), "the house was asked");
}

#[tokio::test]
async fn nobody_is_taken_into_the_house_by_a_name() {
    for address in ["127.0.0.1", "10.0.0.1", "::1", "fd00::1", "::ffff:10.0.0.1", "169.254.169.254"] {
        let name = strict(&[address]);
        assert_fails!(name.send(&get("http://feeds.example/")).await, FetchError::Refused);
    }
}

#[tokio::test]
async fn a_name_is_asked_once_and_what_it_said_is_connected_to() {
    let house = Foreign::start(|_| answer(200, &[], "secret")).await;
    let names = Arc::new(Said(vec!["127.0.0.2", "127.0.0.1"], AtomicUsize::new(0)));
    let second = "127.0.0.2/32".parse().unwrap();
    let fetcher = Fetcher::new(Policy::default().allowing(second).with_names(names.clone())).unwrap();
    let address = format!("http://rebinding.example:{}/", house.address.port());
    assert_fails!(fetcher.send(&get(&address)).await, FetchError::NotReachable(_));
    assert_eq!(names.1.load(Ordering::SeqCst), 1);
    assert_fails!(fetcher.send(&get(&address)).await, FetchError::Refused);
    assert!(house.asked().is_empty());
}

#[tokio::test]
async fn of_several_addresses_only_admitted_ones_are_tried() {
    let house = Foreign::start(|_| answer(200, &[], "here")).await;
    let port = house.address.port();
    let names = Said(vec!["10.255.255.1 127.0.0.1"], AtomicUsize::new(0));
    let loopback = "127.0.0.1".parse().unwrap();
    let fetcher = Fetcher::new(Policy::default().allowing(loopback).with_names(Arc::new(names))).unwrap();
    assert_eq!(fetcher.read(&get(&format!("http://mixed.example:{port}/"))).await.unwrap(), "here");
}

#[tokio::test]
async fn a_port_on_which_nobody_serves_the_web_is_refused() {
    let fetcher = strict(&["8.8.8.8"]);
    for port in [0, 22, 25, 6379, 5432, 9200, 11211, 65535] {
        let asked = get(&format!("http://a.example:{port}/"));
        assert_fails!(fetcher.send(&asked).await, FetchError::Refused);
    }
}

#[tokio::test]
async fn a_redirect_is_looked_at_like_the_first_address() {
    let outside = Foreign::start(|asked| {
        let to = asked.path.strip_prefix('/').unwrap_or_default().to_owned();
        answer(302, &[("location", &to)], "")
    })
    .await;
    let fetcher = fetcher_on_loopback();
    for to in
        ["http://10.0.0.1/", "http://169.254.169.254/latest/meta-data/", "https://[::1]/", "//192.168.0.1/"]
    {
        let answer = fetcher.send(&get(&outside.at(&format!("/{to}")))).await;
        assert_fails!(answer, FetchError::Refused);
    }
    for to in ["file:///etc/passwd", "ftp://a.test/", "http://ann:secret@a.test/", "http://["] {
        let answer = fetcher.send(&get(&outside.at(&format!("/{to}")))).await;
        assert_fails!(answer, FetchError::Address(_));
    }
}

#[tokio::test]
async fn redirects_that_never_end_end() {
    let server = Foreign::start(|_| answer(302, &[("location", "/again")], "")).await;
    let answer = fetcher_on_loopback().send(&get(&server.at("/"))).await;
    assert_fails!(answer, FetchError::Redirects);
    assert_eq!(server.asked().len(), 6, "the first and five redirects");
}

#[tokio::test]
async fn a_name_that_nobody_knows_and_a_port_where_nobody_is_are_not_reachable() {
    let fetcher = fetcher_on_loopback();
    assert_fails!(fetcher.send(&get("http://nowhere.example/")).await, FetchError::NotReachable(_));
    let gone = Foreign::start(|_| Vec::new()).await.at("/");
    assert_fails!(fetcher.send(&get(&gone)).await, FetchError::NotReachable(_));
}
