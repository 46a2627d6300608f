fn greeting() -> &'static str {
    "the tool ran"
}

fn main() {
    println!("{}", greeting());
}

#[test]
fn greets() {
    assert_eq!(greeting(), "the tool ran");
}
