#[test]
fn passes() {}

#[test]
fn fails() {
    assert_eq!(1, 2);
}
