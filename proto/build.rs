//! Compiles the protos with protox, so that no machine needs protoc.

use std::{env, fs, path::PathBuf};

use prost::Message;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut files = Vec::new();
    for package in ["caibian/intake/v1", "caibian/procurement/v1"] {
        for entry in fs::read_dir(package)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "proto") {
                files.push(path);
            }
        }
    }
    // The descriptors must not depend on the order of a folder.
    files.sort();
    println!("cargo:rerun-if-changed=caibian");
    println!("cargo:rerun-if-changed=google");
    let descriptors = protox::compile(files, ["."])?;
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("descriptors.bin"), descriptors.encode_to_vec())?;
    // Every generated message knows its full name: the registers find its descriptor by it.
    let mut config = tonic_prost_build::Config::new();
    config.enable_type_names();
    tonic_prost_build::configure().compile_fds_with_config(descriptors, config)?;
    Ok(())
}
