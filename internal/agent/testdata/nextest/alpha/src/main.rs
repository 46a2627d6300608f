fn main() {
    println!("the tool ran");
}
