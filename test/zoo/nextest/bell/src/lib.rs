#[test]
fn passes() {}

#[test]
fn is_slow_too() {
    std::thread::sleep(std::time::Duration::from_secs(1));
}

#[test]
fn knows_its_package() {
    assert_eq!(std::env::var("CARGO_PKG_NAME").unwrap(), "bell");
    assert_eq!(std::env::var("NEXTEST_BINARY_ID").unwrap(), "bell");
}

#[test]
#[ignore]
fn is_ignored() {}
