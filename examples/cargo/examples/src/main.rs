fn main() {
    println!("{}", lighthouse::keeper::signal(true, lighthouse::core::Bearing(180)));
}
