#[test]
fn passes() {
    println!("hello");
}

#[test]
fn fails() {
    assert_eq!(2 + 2, 5);
}

#[test]
fn exits() {
    std::process::exit(0);
}

#[test]
fn aborts() {
    std::process::abort();
}

#[test]
#[ignore = "slow"]
fn is_ignored() {}

#[test]
#[should_panic]
fn should_panic() {
    panic!("as it should");
}

mod inner {
    #[test]
    fn passes() {}
}
