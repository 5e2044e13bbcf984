//! google.longrunning.Operations over the works of this installation.

use std::{sync::LazyLock, time::Duration};

use prost_types::Duration as Given;
use proto::google::longrunning::{
    CancelOperationRequest, DeleteOperationRequest, GetOperationRequest, ListOperationsRequest, ListOperationsResponse,
    Operation, WaitOperationRequest, operations_server,
};
use store::register::{Direction, RegisterQuery, Value};
use tokio::time::Instant;
use tonic::{Request, Response, Status};

use super::{
    Registrar, filter,
    kind::{Field, Meaning},
    operations::{COLLECTION, OPERATION, Operations},
};
use crate::{errors, gate::Deadline, page};

/// The answer leaves so much before the call's deadline.
const ANSWER_WITHIN: Duration = Duration::from_millis(500);
/// A wait takes so long when neither the caller nor the gate says.
const WAIT: Duration = Duration::from_secs(10);

static FIELDS: LazyLock<Vec<Field>> = LazyLock::new(|| {
    vec![Field { path: "done", column: "is_done", meaning: Meaning::Flag, is_repeated: false, is_ordered: false }]
});

/// The service.
pub struct OperationsService {
    operations: Operations,
    registrar: Registrar,
}

impl OperationsService {
    /// Over these works.
    #[must_use]
    pub fn new(operations: Operations, registrar: Registrar) -> Self {
        Self { operations, registrar }
    }
}

#[tonic::async_trait]
impl operations_server::Operations for OperationsService {
    async fn list_operations(
        &self,
        request: Request<ListOperationsRequest>,
    ) -> Result<Response<ListOperationsResponse>, Status> {
        let request = request.into_inner();
        if !request.name.is_empty() && request.name != COLLECTION {
            return Err(errors::field("name", "operations, or nothing, is taken", "应为 operations 或留空"));
        }
        let size = page::size(request.page_size)?;
        let descriptor = proto::POOL
            .get_message_by_name("google.longrunning.Operation")
            .expect("every message of these protos has a descriptor");
        let regions = self.registrar.regions();
        let vocabulary = filter::Vocabulary {
            collection: COLLECTION,
            fields: &FIELDS,
            message: &descriptor,
            regions: &regions,
            is_searchable: false,
        };
        let condition = filter::read(&request.filter, &vocabulary)?;
        let query = ["Operations/ListOperations", &request.filter];
        let after: Option<(Vec<Value>, String)> = self.registrar.tokens().open(&query, &request.page_token)?;
        let rows = RegisterQuery {
            condition,
            order: vec![("created_at", Direction::Descending)],
            after,
            limit: size + 1,
            shows_deleted: false,
        };
        let rows = self.registrar.store().register_list(&OPERATION, &rows).await.map_err(errors::of_store)?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            found.push(self.operations.of_entry(row).await?);
        }
        let (operations, more) = page::fill(&found, size, Clone::clone);
        let next_page_token = match rows[..operations.len()].last().filter(|_| more) {
            Some(last) => {
                let key = (vec![Value::Integer(last.created_at.timestamp_micros())], last.id.clone());
                self.registrar.tokens().seal(&query, &key)
            }
            None => String::new(),
        };
        Ok(Response::new(ListOperationsResponse { operations, next_page_token, unreachable: Vec::new() }))
    }

    async fn get_operation(&self, request: Request<GetOperationRequest>) -> Result<Response<Operation>, Status> {
        Ok(Response::new(self.operations.get(&request.get_ref().name).await?))
    }

    async fn delete_operation(&self, request: Request<DeleteOperationRequest>) -> Result<Response<()>, Status> {
        self.operations.delete(&request.get_ref().name).await?;
        Ok(Response::new(()))
    }

    async fn cancel_operation(&self, request: Request<CancelOperationRequest>) -> Result<Response<()>, Status> {
        self.operations.cancel(&request.get_ref().name).await?;
        Ok(Response::new(()))
    }

    async fn wait_operation(&self, request: Request<WaitOperationRequest>) -> Result<Response<Operation>, Status> {
        let now = Instant::now();
        let deadline = request.extensions().get::<Deadline>().map_or(now + WAIT, |deadline| deadline.0 - ANSWER_WITHIN);
        let until = match &request.get_ref().timeout {
            None => deadline,
            Some(given) => deadline.min(now + asked(given)?),
        };
        Ok(Response::new(self.operations.wait(&request.get_ref().name, until).await?))
    }
}

fn asked(given: &Given) -> Result<Duration, Status> {
    Duration::try_from(*given).map_err(|_| errors::field("timeout", "is negative", "不能为负"))
}
