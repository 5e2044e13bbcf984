//! Asks any RPC in JSON: what a table of questions and answers needs.

use prost_reflect::{
    DynamicMessage, MethodDescriptor, SerializeOptions,
    prost::{
        Message,
        bytes::{Buf, BufMut},
    },
};
use serde_json::Value;
use tonic::{
    Code, Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::http::uri::PathAndQuery,
    transport::Channel,
};

/// The package of a service that is named without one.
const PACKAGE: &str = "caibian.procurement.v1";
/// An answer with a thousand projects is larger than the 4 MiB of tonic's own bound.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A client of every service, by the descriptors.
#[derive(Clone, Debug)]
pub struct Asker(Channel);

impl Asker {
    /// A client on this connection.
    #[must_use]
    pub fn new(channel: Channel) -> Self {
        Self(channel)
    }

    /// Calls `FigureService/GetFigure`, or `caibian.intake.v1.ReviewService/GetReview`, with a request in the protobuf JSON mapping; the answer in the same.
    ///
    /// # Errors
    /// What the service answers.
    ///
    /// # Panics
    /// When there is no such method, or the request is none of its own.
    pub async fn try_ask(&self, method: &str, request: &Value) -> Result<Value, Status> {
        let descriptor = self::method(method);
        let message = DynamicMessage::deserialize(descriptor.input(), request)
            .unwrap_or_else(|error| panic!("{method}: {request}: {error}"));
        let mut grpc = Grpc::new(self.0.clone()).max_decoding_message_size(ANSWER_BYTES_MAX);
        grpc.ready().await.map_err(|error| Status::new(Code::Unavailable, error.to_string()))?;
        let service = descriptor.parent_service().full_name();
        let path = PathAndQuery::try_from(format!("/{service}/{}", descriptor.name())).expect("a path");
        let answer = grpc.unary(Request::new(message.encode_to_vec()), path, Bytes).await?.into_inner();
        let answer = DynamicMessage::decode(descriptor.output(), answer.as_slice())
            .unwrap_or_else(|error| panic!("{method}: an answer that is none: {error}"));
        let json = answer.serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new());
        Ok(json.expect("every protobuf message has a JSON form"))
    }

    /// The same for a question that has an answer.
    ///
    /// # Panics
    /// When it has none.
    pub async fn ask(&self, method: &str, request: &Value) -> Value {
        self.try_ask(method, request).await.unwrap_or_else(|status| panic!("{method} {request}: {status:?}"))
    }

    /// Every entry of a list, page by page; `field` is the one of the response that holds them.
    ///
    /// # Panics
    /// When a page has no answer.
    pub async fn all(&self, method: &str, field: &str) -> Vec<Value> {
        let (mut found, mut token) = (Vec::new(), String::new());
        loop {
            let request = serde_json::json!({ "pageSize": 500, "pageToken": token });
            let mut page = self.ask(method, &request).await;
            if let Some(Value::Array(entries)) = page.get_mut(field).map(Value::take) {
                found.extend(entries);
            }
            match page["nextPageToken"].as_str() {
                Some(next) if !next.is_empty() => token = next.to_owned(),
                _ => return found,
            }
        }
    }
}

fn method(method: &str) -> MethodDescriptor {
    let (service, name) = method.split_once('/').unwrap_or_else(|| panic!("{method} is no Service/Method"));
    let service = if service.contains('.') { service.to_owned() } else { format!("{PACKAGE}.{service}") };
    let service = proto::POOL.get_service_by_name(&service);
    let found = service.and_then(|service| service.methods().find(|method| method.name() == name));
    found.unwrap_or_else(|| panic!("there is no {method}"))
}

/// What of `expected` the answer does not have, one line each, empty when it has all: of an object the keys that are
/// expected, of a list as many entries in the same order. A text that begins with `∋ ` stands for one that holds the
/// rest; null for a field that is not there.
#[must_use]
pub fn missing(expected: &Value, actual: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    compare("", expected, actual, &mut lines);
    lines
}

fn compare(path: &str, expected: &Value, actual: &Value, lines: &mut Vec<String>) {
    let told = |what: &str| format!("{}: {what}", if path.is_empty() { "answer" } else { path });
    match (expected, actual) {
        (Value::Object(wanted), Value::Object(found)) => {
            for (key, value) in wanted {
                compare(&format!("{path}.{key}"), value, found.get(key).unwrap_or(&Value::Null), lines);
            }
        }
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            for (index, (value, found)) in wanted.iter().zip(found).enumerate() {
                compare(&format!("{path}[{index}]"), value, found, lines);
            }
        }
        (Value::String(wanted), Value::String(found))
            if wanted.strip_prefix("∋ ").is_some_and(|part| found.contains(part)) => {}
        _ if expected == actual => {}
        _ => lines.push(told(&format!("expected {expected}, found {actual}"))),
    }
}

/// Hands messages on as bytes.
#[derive(Clone, Copy, Debug)]
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut item = vec![0; buffer.remaining()];
        buffer.copy_to_slice(&mut item);
        Ok(Some(item))
    }
}
