//! PurchaserService: who buys (购买主体).

use std::sync::LazyLock;

use procurement::{credit_code::CreditCode, party::PartyName};
use proto::procurement::v1::{self, purchaser_service_server::PurchaserService};
use tonic::{Request, Response, Status};

use super::{
    Registrar,
    kind::{Kind, Meaning},
    list_of, write_of,
};
use crate::wire::Fault;

/// 购买主体.
pub static PURCHASER: LazyLock<Kind<v1::Purchaser>> = LazyLock::new(|| {
    Kind::new("purchaser", "purchasers", "购买主体")
        .ordered("title", Meaning::Text)
        .look_up("uscc", Meaning::Text)
        .look_up("budget_unit_code", Meaning::Text)
        .ordered("region", Meaning::Region)
        .look_up("kind", Meaning::Code)
        .searched(&["title"])
        .checked(check)
});

fn check(purchaser: &v1::Purchaser) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut fault = |field: &str, en: String, zh: &str| faults.push(Fault { field: field.into(), zh: zh.into(), en });
    if let Err(error) = purchaser.title.parse::<PartyName>() {
        fault("title", error.to_string(), "请填写名称(不超过限定字数,不含控制字符)");
    }
    if !purchaser.uscc.is_empty()
        && let Err(error) = purchaser.uscc.parse::<CreditCode>()
    {
        fault("uscc", error.to_string(), "不是有效的统一社会信用代码(GB 32100-2015)");
    }
    if purchaser.region.is_empty() {
        fault("region", "a region is needed".into(), "请填写行政区划");
    }
    if purchaser.kind() == v1::PurchaserKind::Unspecified {
        fault("kind", "a kind is needed".into(), "请选择购买主体类型");
    }
    faults
}

/// The service.
pub struct Purchasers {
    registrar: Registrar,
}

impl Purchasers {
    /// Over this registrar.
    #[must_use]
    pub fn new(registrar: Registrar) -> Self {
        Self { registrar }
    }
}

#[tonic::async_trait]
impl PurchaserService for Purchasers {
    async fn get_purchaser(
        &self,
        request: Request<v1::GetPurchaserRequest>,
    ) -> Result<Response<v1::Purchaser>, Status> {
        let purchaser = self.registrar.get(&PURCHASER, &request.get_ref().name).await?;
        Ok(Response::new(purchaser))
    }

    async fn batch_get_purchasers(
        &self,
        request: Request<v1::BatchGetPurchasersRequest>,
    ) -> Result<Response<v1::BatchGetPurchasersResponse>, Status> {
        let purchasers = self.registrar.batch_get(&PURCHASER, &request.get_ref().names).await?;
        Ok(Response::new(v1::BatchGetPurchasersResponse { purchasers }))
    }

    async fn list_purchasers(
        &self,
        request: Request<v1::ListPurchasersRequest>,
    ) -> Result<Response<v1::ListPurchasersResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&PURCHASER, "PurchaserService/ListPurchasers", &list).await?;
        Ok(Response::new(v1::ListPurchasersResponse {
            purchasers: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn create_purchaser(
        &self,
        request: Request<v1::CreatePurchaserRequest>,
    ) -> Result<Response<v1::Purchaser>, Status> {
        let options = write_of!(request, "PurchaserService/CreatePurchaser");
        let v1::CreatePurchaserRequest { purchaser, purchaser_id, .. } = request.into_inner();
        let purchaser = self.registrar.create(&PURCHASER, purchaser, &purchaser_id, options).await?;
        Ok(Response::new(purchaser))
    }

    async fn update_purchaser(
        &self,
        request: Request<v1::UpdatePurchaserRequest>,
    ) -> Result<Response<v1::Purchaser>, Status> {
        let options = write_of!(request, "PurchaserService/UpdatePurchaser");
        let v1::UpdatePurchaserRequest { purchaser, update_mask, .. } = request.into_inner();
        let purchaser = self.registrar.update(&PURCHASER, purchaser, update_mask, options).await?;
        Ok(Response::new(purchaser))
    }

    async fn delete_purchaser(
        &self,
        request: Request<v1::DeletePurchaserRequest>,
    ) -> Result<Response<v1::Purchaser>, Status> {
        let options = write_of!(request, "PurchaserService/DeletePurchaser");
        let v1::DeletePurchaserRequest { name, etag, .. } = request.into_inner();
        let purchaser = self.registrar.delete(&PURCHASER, &name, &etag, options).await?;
        Ok(Response::new(purchaser))
    }

    async fn undelete_purchaser(
        &self,
        request: Request<v1::UndeletePurchaserRequest>,
    ) -> Result<Response<v1::Purchaser>, Status> {
        let options = write_of!(request, "PurchaserService/UndeletePurchaser");
        let v1::UndeletePurchaserRequest { name, etag, .. } = request.into_inner();
        let purchaser = self.registrar.undelete(&PURCHASER, &name, &etag, options).await?;
        Ok(Response::new(purchaser))
    }
}
