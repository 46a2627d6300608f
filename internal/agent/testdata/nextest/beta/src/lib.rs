#[test]
fn passes() {}

#[test]
#[ignore]
fn is_ignored() {
    assert_eq!(std::env::var("CARGO_PKG_NAME").unwrap(), "beta");
}
