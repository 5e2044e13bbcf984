//! Compiles the protos with protox, so that no machine needs protoc.

use std::{env, fs, path::PathBuf};

use prost::Message;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = [
        "caibian/intake/v1/campaign_service.proto",
        "caibian/intake/v1/mailbox_service.proto",
        "caibian/intake/v1/quarantine_service.proto",
        "caibian/intake/v1/submission_service.proto",
    ];
    println!("cargo:rerun-if-changed=caibian");
    let descriptors = protox::compile(files, ["."])?;
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
