//! Lists of the desk under names. What one shows is the desk's own affair: here it is a bounded line of ASCII.

use chrono::{SubsecRound, Utc};
use intake::review::Role;
use proto::intake::v1;
use store::record::{SavedView, ViewRefusal};
use tonic::{Code, Request, Response, Status};
use uuid::Uuid;

use super::Reviews;
use crate::{errors, gate::acting, names, wire};

/// Characters of a title.
const TITLE_CHARACTERS_MAX: usize = 30;

/// Bytes of a query.
const QUERY_BYTES_MAX: usize = 2_000;

impl Reviews {
    pub(super) async fn create_view(
        &self,
        request: Request<v1::CreateSavedViewRequest>,
    ) -> Result<Response<v1::SavedView>, Status> {
        let acting = acting(&request)?;
        let asked = request.into_inner().saved_view.unwrap_or_default();
        let title = asked.title.trim();
        let fits = (1..=TITLE_CHARACTERS_MAX).contains(&title.chars().count());
        if !fits || title.chars().any(char::is_control) {
            return Err(errors::field("saved_view.title", "1 to 30 printable characters", "名称为 1 至 30 个字符"));
        }
        if asked.query.len() > QUERY_BYTES_MAX || !asked.query.bytes().all(|byte| byte.is_ascii_graphic()) {
            let en = "at most 2,000 characters of printable ASCII without spaces";
            return Err(errors::field("saved_view.query", en, "至多 2000 个可显示的 ASCII 字符，不含空格"));
        }
        if asked.shared && acting.role < Role::ChiefEditor {
            let en = "only a chief editor shows a view to all";
            return Err(errors::status(Code::PermissionDenied, "ROLE_TOO_LOW", en, "只有主编可以设置公共列表"));
        }
        let view = SavedView {
            id: Uuid::now_v7(),
            owner: acting.name,
            title: title.to_owned(),
            query: asked.query,
            shared: asked.shared,
            // As the tables keep it, so that the answer is what a list tells later.
            created_at: Utc::now().trunc_subsecs(6),
        };
        match self.store.view_create(&view).await.map_err(errors::of_store)? {
            Ok(()) => Ok(Response::new(wire::review::saved_view(&view))),
            Err(ViewRefusal::Taken) => {
                let en = "you have a view of this title";
                Err(errors::status(Code::AlreadyExists, "SAVED_VIEW_EXISTS", en, "您已有同名的常用列表"))
            }
            Err(ViewRefusal::TooMany) => {
                let en = "you have as many views as fit: remove one first";
                Err(errors::status(Code::ResourceExhausted, "TOO_MANY_VIEWS", en, "常用列表已达上限，请先删除一个"))
            }
        }
    }

    pub(super) async fn views(
        &self,
        request: Request<v1::ListSavedViewsRequest>,
    ) -> Result<Response<v1::ListSavedViewsResponse>, Status> {
        let views = self.store.view_list(&acting(&request)?.name).await.map_err(errors::of_store)?;
        let saved_views = views.iter().map(wire::review::saved_view).collect();
        Ok(Response::new(v1::ListSavedViewsResponse { saved_views }))
    }

    pub(super) async fn delete_view(
        &self,
        request: Request<v1::DeleteSavedViewRequest>,
    ) -> Result<Response<v1::DeleteSavedViewResponse>, Status> {
        let acting = acting(&request)?;
        let id = names::SAVED_VIEW.required("name", &request.get_ref().name)?;
        let view = self.store.view_get(id).await.map_err(errors::of_store)?;
        if view.owner != acting.name {
            // Of what is another's and not shown, not even that it is there.
            if !view.shared {
                return Err(errors::missing(names::SAVED_VIEW, id));
            }
            if acting.role < Role::ChiefEditor {
                let en = "a view for all is removed by a chief editor";
                return Err(errors::status(Code::PermissionDenied, "ROLE_TOO_LOW", en, "公共列表由主编删除"));
            }
        }
        self.store.view_delete(id).await.map_err(errors::of_store)?;
        Ok(Response::new(v1::DeleteSavedViewResponse {}))
    }
}
