//! Calls by name with JSON, over the descriptors alone: one test drives every register.

use prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor, MethodDescriptor, SerializeOptions, ServiceDescriptor};
use serde_json::Value;
use tonic::{
    Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::http::uri::PathAndQuery,
    transport::Channel,
};

const PACKAGE: &str = "caibian.procurement.v1";

/// The services of the package.
pub fn services() -> impl Iterator<Item = ServiceDescriptor> {
    proto::POOL.services().filter(|service| service.package_name() == PACKAGE)
}

/// Their methods.
pub fn methods() -> impl Iterator<Item = MethodDescriptor> {
    services().flat_map(|service| service.methods().collect::<Vec<_>>())
}

/// The messages of the package, those inside others too.
pub fn messages() -> impl Iterator<Item = MessageDescriptor> {
    proto::POOL.all_messages().filter(|message| message.package_name() == PACKAGE)
}

/// Calls a method by its short name, which no two services share.
pub async fn call(channel: &Channel, method: &str, request: Value) -> Result<Value, Status> {
    let method = methods().find(|there| there.name() == method).unwrap_or_else(|| panic!("there is no {method}"));
    let request = DynamicMessage::deserialize(method.input(), &request)
        .unwrap_or_else(|error| panic!("{}: {error}: {request}", method.name()));
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let mut client = Grpc::new(channel.clone());
    client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let path: PathAndQuery = path.parse().unwrap();
    let answer = client.unary(Request::new(request), path, ByDescriptor(method.output())).await?.into_inner();
    let options = SerializeOptions::new().use_proto_field_name(true);
    Ok(answer.serialize_with_options(serde_json::value::Serializer, &options).unwrap())
}

struct ByDescriptor(MessageDescriptor);

impl Codec for ByDescriptor {
    type Encode = DynamicMessage;
    type Decode = DynamicMessage;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self(self.0.clone())
    }

    fn decoder(&mut self) -> Self {
        Self(self.0.clone())
    }
}

impl Encoder for ByDescriptor {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, item: DynamicMessage, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(buffer).map_err(|error| Status::internal(error.to_string()))
    }
}

impl Decoder for ByDescriptor {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        let decoded = DynamicMessage::decode(self.0.clone(), buffer);
        decoded.map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}
