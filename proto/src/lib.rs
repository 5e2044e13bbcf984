//! The wire and nothing else: messages and services generated from `proto/caibian`, their descriptors for reflection,
//! and the protobuf JSON mapping.

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};

// Generated code names other packages by their way from the root, so the modules nest as the packages do.
mod caibian {
    pub mod intake {
        #[allow(missing_docs, clippy::all)] // the protos carry the comments
        pub mod v1 {
            tonic::include_proto!("caibian.intake.v1");
        }
    }

    pub mod procurement {
        #[allow(missing_docs, clippy::all)] // the protos carry the comments
        pub mod v1 {
            tonic::include_proto!("caibian.procurement.v1");
        }
    }
}

/// `google.longrunning` and what it needs: work that takes longer than a call. See the notes in `proto/google`.
pub mod google {
    #[allow(missing_docs, clippy::all)] // the protos carry the comments
    pub mod longrunning {
        tonic::include_proto!("google.longrunning");
    }

    #[allow(missing_docs, clippy::all)] // the protos carry the comments
    pub mod rpc {
        tonic::include_proto!("google.rpc");
    }
}

/// `caibian.intake.v1`: campaigns, submissions, mailboxes, quarantine.
pub mod intake {
    pub use crate::caibian::intake::v1;
}

/// `caibian.procurement.v1`: what the registers of government purchase of services hold.
pub mod procurement {
    pub use crate::caibian::procurement::v1;
}

/// The file descriptor set of everything above, for server reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// The descriptors, for messages that are handled by their fields.
pub static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).expect("protox wrote a descriptor set"));

/// One message in the protobuf JSON mapping, fields at their default left out; `full_name` such as
/// `caibian.intake.v1.Submission`.
///
/// # Panics
/// When `full_name` is not the name of the given message.
pub fn json<M: prost::Message>(full_name: &str, message: &M) -> serde_json::Value {
    let descriptor = POOL.get_message_by_name(full_name).expect("a message of these protos");
    let dynamic = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice())
        .expect("the message was encoded by the same descriptor");
    dynamic
        .serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new())
        .expect("every protobuf message has a JSON form")
}
