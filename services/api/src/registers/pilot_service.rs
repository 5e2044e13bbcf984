//! PilotService: pilots (试点) and their members, what ministries granted (联系点, 试点省份), the reform year by year.

mod timeline;

use std::sync::LazyLock;

use proto::procurement::v1::{self, pilot_service_server::PilotService};
use tonic::{Request, Response, Status};

use super::{
    Registrar, body,
    held::{FIGURES_MAX, Held, NAME_CHARACTERS_MAX, PROJECTS_MAX},
    kind::{Kind, Meaning},
    list_of,
    policy_service::{FIGURE_OF, POLICY_DOCUMENT_OF, PURCHASER_OF},
    write_of,
};
use crate::wire::Fault;

/// A project, by name.
pub const PROJECT_OF: Meaning = Meaning::Reference { collection: "projects", table: "project" };
/// A pilot, by name.
pub const PILOT_OF: Meaning = Meaning::Reference { collection: "pilots", table: "pilot" };
/// Entries that a milestone names.
const MILESTONE_ENTRIES_MAX: usize = 100;

/// 试点.
pub static PILOT: LazyLock<Kind<v1::Pilot>> = LazyLock::new(|| {
    Kind::new("pilot", "pilots", "试点")
        .ordered("title", Meaning::Text)
        .look_up("stage", Meaning::Code)
        .ordered("year", Meaning::Integer)
        .ordered("region", Meaning::Region)
        .look_up("legal_basis", POLICY_DOCUMENT_OF)
        .searched(&["title", "title_en"])
        .checked(check_pilot)
});

/// 试点单位.
pub static PILOT_MEMBER: LazyLock<Kind<v1::PilotMember>> = LazyLock::new(|| {
    Kind::new("pilot_member", "pilotMembers", "试点单位")
        .ordered("pilot", PILOT_OF)
        .look_up("kind", Meaning::Code)
        .ordered("region", Meaning::Region)
        .look_up("purchaser", PURCHASER_OF)
        .repeated("projects", "project", PROJECT_OF)
        .repeated("figures", "figure", FIGURE_OF)
        .checked(check_member)
});

/// 联系点, 试点省份.
pub static DESIGNATION: LazyLock<Kind<v1::Designation>> = LazyLock::new(|| {
    Kind::new("designation", "designations", "试点称号")
        .ordered("title", Meaning::Text)
        .look_up("kind", Meaning::Code)
        .look_up("grantor", Meaning::Text)
        .ordered("holder", Meaning::Region)
        .ordered("year", Meaning::Integer)
        .look_up("national_total_figure", FIGURE_OF)
        .searched(&["title", "title_en", "grantor"])
        .checked(check_designation)
});

/// 大事记.
pub static MILESTONE: LazyLock<Kind<v1::Milestone>> = LazyLock::new(|| {
    Kind::new("milestone", "milestones", "大事记")
        .ordered("title", Meaning::Text)
        .ordered("year", Meaning::Integer)
        .ordered("region", Meaning::Region)
        .repeated("entries", "entry", Meaning::Text)
        .searched(&["title", "title_en"])
        .checked(check_milestone)
});

fn check_pilot(pilot: &v1::Pilot) -> Vec<Fault> {
    let mut held = Held::default();
    held.titles(&pilot.title, &pilot.title_en);
    held.year("year", pilot.year);
    held.last_year("end_year", pilot.end_year, Some(pilot.year));
    held.required("region", &pilot.region);
    held.faults()
}

fn check_member(member: &v1::PilotMember) -> Vec<Fault> {
    let mut held = Held::default();
    held.required("pilot", &member.pilot);
    held.said("kind", member.kind());
    held.text("department", &member.department, 0..=NAME_CHARACTERS_MAX);
    let is_department = member.kind() == v1::PilotMemberKind::Department;
    let named = [("region", &member.region), ("purchaser", &member.purchaser), ("department", &member.department)];
    let mut named = named.into_iter().filter(|(_, name)| !name.is_empty());
    match (named.next(), named.next()) {
        (Some((field, _)), None) => {
            let fits = is_department == (field != "region");
            held.must(fits, field, "a department is no region, and a region is no department", "与试点单位类型不符");
            let is_one = member.member_count.is_none();
            held.must(is_one, "member_count", "is for members that are not named", "仅用于未列名的试点单位");
        }
        (Some(_), Some((field, _))) => {
            held.wrong(
                field,
                "one member has one of region, purchaser, department",
                "行政区划、购买主体、部门只能填一项",
            );
        }
        (None, _) => held.must(
            member.member_count.is_some_and(|count| count > 0),
            "member_count",
            "a member is named, or so many are counted",
            "请列名试点单位,或填写数量",
        ),
    }
    held.count("member_count", member.member_count);
    held.count("project_count", member.project_count);
    held.list("projects", &member.projects, PROJECTS_MAX);
    held.list("figures", &member.figures, FIGURES_MAX);
    held.faults()
}

fn check_designation(designation: &v1::Designation) -> Vec<Fault> {
    let mut held = Held::default();
    held.titles(&designation.title, &designation.title_en);
    held.said("kind", designation.kind());
    held.text("grantor", &designation.grantor, 0..=NAME_CHARACTERS_MAX);
    held.required("holder", &designation.holder);
    held.year("year", designation.year);
    held.last_year("end_year", designation.end_year, Some(designation.year));
    held.count("national_total", designation.national_total);
    held.faults()
}

fn check_milestone(milestone: &v1::Milestone) -> Vec<Fault> {
    let mut held = Held::default();
    held.titles(&milestone.title, &milestone.title_en);
    held.year("year", milestone.year);
    held.required("region", &milestone.region);
    held.list("entries", &milestone.entries, MILESTONE_ENTRIES_MAX);
    for (index, name) in milestone.entries.iter().enumerate().take(MILESTONE_ENTRIES_MAX) {
        let is_name = name.split_once('/').is_some_and(|(collection, id)| {
            !collection.is_empty() && collection.bytes().all(|byte| byte.is_ascii_alphabetic()) && body::is_id(id)
        });
        held.must(is_name, &format!("entries[{index}]"), "a full name such as pilots/T2016 is needed", "应为完整名称");
    }
    held.faults()
}

/// The service.
pub struct Pilots {
    registrar: Registrar,
}

impl Pilots {
    /// Over this registrar.
    #[must_use]
    pub fn new(registrar: Registrar) -> Self {
        Self { registrar }
    }
}

#[tonic::async_trait]
impl PilotService for Pilots {
    async fn get_pilot(&self, request: Request<v1::GetPilotRequest>) -> Result<Response<v1::Pilot>, Status> {
        Ok(Response::new(self.registrar.get(&PILOT, &request.get_ref().name).await?))
    }

    async fn list_pilots(
        &self,
        request: Request<v1::ListPilotsRequest>,
    ) -> Result<Response<v1::ListPilotsResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&PILOT, "PilotService/ListPilots", &list).await?;
        Ok(Response::new(v1::ListPilotsResponse {
            pilots: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn create_pilot(&self, request: Request<v1::CreatePilotRequest>) -> Result<Response<v1::Pilot>, Status> {
        let options = write_of!(request, "PilotService/CreatePilot");
        let v1::CreatePilotRequest { pilot, pilot_id, .. } = request.into_inner();
        Ok(Response::new(self.registrar.create(&PILOT, pilot, &pilot_id, options).await?))
    }

    async fn update_pilot(&self, request: Request<v1::UpdatePilotRequest>) -> Result<Response<v1::Pilot>, Status> {
        let options = write_of!(request, "PilotService/UpdatePilot");
        let v1::UpdatePilotRequest { pilot, update_mask, .. } = request.into_inner();
        Ok(Response::new(self.registrar.update(&PILOT, pilot, update_mask, options).await?))
    }

    async fn delete_pilot(&self, request: Request<v1::DeletePilotRequest>) -> Result<Response<v1::Pilot>, Status> {
        let options = write_of!(request, "PilotService/DeletePilot");
        let v1::DeletePilotRequest { name, etag, .. } = request.into_inner();
        Ok(Response::new(self.registrar.delete(&PILOT, &name, &etag, options).await?))
    }

    async fn undelete_pilot(&self, request: Request<v1::UndeletePilotRequest>) -> Result<Response<v1::Pilot>, Status> {
        let options = write_of!(request, "PilotService/UndeletePilot");
        let v1::UndeletePilotRequest { name, etag, .. } = request.into_inner();
        Ok(Response::new(self.registrar.undelete(&PILOT, &name, &etag, options).await?))
    }

    async fn get_pilot_member(
        &self,
        request: Request<v1::GetPilotMemberRequest>,
    ) -> Result<Response<v1::PilotMember>, Status> {
        Ok(Response::new(self.registrar.get(&PILOT_MEMBER, &request.get_ref().name).await?))
    }

    async fn list_pilot_members(
        &self,
        request: Request<v1::ListPilotMembersRequest>,
    ) -> Result<Response<v1::ListPilotMembersResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&PILOT_MEMBER, "PilotService/ListPilotMembers", &list).await?;
        Ok(Response::new(v1::ListPilotMembersResponse {
            pilot_members: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn create_pilot_member(
        &self,
        request: Request<v1::CreatePilotMemberRequest>,
    ) -> Result<Response<v1::PilotMember>, Status> {
        let options = write_of!(request, "PilotService/CreatePilotMember");
        let v1::CreatePilotMemberRequest { pilot_member, pilot_member_id, .. } = request.into_inner();
        Ok(Response::new(self.registrar.create(&PILOT_MEMBER, pilot_member, &pilot_member_id, options).await?))
    }

    async fn update_pilot_member(
        &self,
        request: Request<v1::UpdatePilotMemberRequest>,
    ) -> Result<Response<v1::PilotMember>, Status> {
        let options = write_of!(request, "PilotService/UpdatePilotMember");
        let v1::UpdatePilotMemberRequest { pilot_member, update_mask, .. } = request.into_inner();
        Ok(Response::new(self.registrar.update(&PILOT_MEMBER, pilot_member, update_mask, options).await?))
    }

    async fn delete_pilot_member(
        &self,
        request: Request<v1::DeletePilotMemberRequest>,
    ) -> Result<Response<v1::PilotMember>, Status> {
        let options = write_of!(request, "PilotService/DeletePilotMember");
        let v1::DeletePilotMemberRequest { name, etag, .. } = request.into_inner();
        Ok(Response::new(self.registrar.delete(&PILOT_MEMBER, &name, &etag, options).await?))
    }

    async fn undelete_pilot_member(
        &self,
        request: Request<v1::UndeletePilotMemberRequest>,
    ) -> Result<Response<v1::PilotMember>, Status> {
        let options = write_of!(request, "PilotService/UndeletePilotMember");
        let v1::UndeletePilotMemberRequest { name, etag, .. } = request.into_inner();
        Ok(Response::new(self.registrar.undelete(&PILOT_MEMBER, &name, &etag, options).await?))
    }

    async fn get_designation(
        &self,
        request: Request<v1::GetDesignationRequest>,
    ) -> Result<Response<v1::Designation>, Status> {
        Ok(Response::new(self.registrar.get(&DESIGNATION, &request.get_ref().name).await?))
    }

    async fn list_designations(
        &self,
        request: Request<v1::ListDesignationsRequest>,
    ) -> Result<Response<v1::ListDesignationsResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&DESIGNATION, "PilotService/ListDesignations", &list).await?;
        Ok(Response::new(v1::ListDesignationsResponse {
            designations: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn create_designation(
        &self,
        request: Request<v1::CreateDesignationRequest>,
    ) -> Result<Response<v1::Designation>, Status> {
        let options = write_of!(request, "PilotService/CreateDesignation");
        let v1::CreateDesignationRequest { designation, designation_id, .. } = request.into_inner();
        Ok(Response::new(self.registrar.create(&DESIGNATION, designation, &designation_id, options).await?))
    }

    async fn update_designation(
        &self,
        request: Request<v1::UpdateDesignationRequest>,
    ) -> Result<Response<v1::Designation>, Status> {
        let options = write_of!(request, "PilotService/UpdateDesignation");
        let v1::UpdateDesignationRequest { designation, update_mask, .. } = request.into_inner();
        Ok(Response::new(self.registrar.update(&DESIGNATION, designation, update_mask, options).await?))
    }

    async fn delete_designation(
        &self,
        request: Request<v1::DeleteDesignationRequest>,
    ) -> Result<Response<v1::Designation>, Status> {
        let options = write_of!(request, "PilotService/DeleteDesignation");
        let v1::DeleteDesignationRequest { name, etag, .. } = request.into_inner();
        Ok(Response::new(self.registrar.delete(&DESIGNATION, &name, &etag, options).await?))
    }

    async fn undelete_designation(
        &self,
        request: Request<v1::UndeleteDesignationRequest>,
    ) -> Result<Response<v1::Designation>, Status> {
        let options = write_of!(request, "PilotService/UndeleteDesignation");
        let v1::UndeleteDesignationRequest { name, etag, .. } = request.into_inner();
        Ok(Response::new(self.registrar.undelete(&DESIGNATION, &name, &etag, options).await?))
    }

    async fn get_milestone(
        &self,
        request: Request<v1::GetMilestoneRequest>,
    ) -> Result<Response<v1::Milestone>, Status> {
        Ok(Response::new(self.registrar.get(&MILESTONE, &request.get_ref().name).await?))
    }

    async fn list_milestones(
        &self,
        request: Request<v1::ListMilestonesRequest>,
    ) -> Result<Response<v1::ListMilestonesResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&MILESTONE, "PilotService/ListMilestones", &list).await?;
        Ok(Response::new(v1::ListMilestonesResponse {
            milestones: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn create_milestone(
        &self,
        request: Request<v1::CreateMilestoneRequest>,
    ) -> Result<Response<v1::Milestone>, Status> {
        let options = write_of!(request, "PilotService/CreateMilestone");
        let v1::CreateMilestoneRequest { milestone, milestone_id, .. } = request.into_inner();
        Ok(Response::new(self.registrar.create(&MILESTONE, milestone, &milestone_id, options).await?))
    }

    async fn update_milestone(
        &self,
        request: Request<v1::UpdateMilestoneRequest>,
    ) -> Result<Response<v1::Milestone>, Status> {
        let options = write_of!(request, "PilotService/UpdateMilestone");
        let v1::UpdateMilestoneRequest { milestone, update_mask, .. } = request.into_inner();
        Ok(Response::new(self.registrar.update(&MILESTONE, milestone, update_mask, options).await?))
    }

    async fn delete_milestone(
        &self,
        request: Request<v1::DeleteMilestoneRequest>,
    ) -> Result<Response<v1::Milestone>, Status> {
        let options = write_of!(request, "PilotService/DeleteMilestone");
        let v1::DeleteMilestoneRequest { name, etag, .. } = request.into_inner();
        Ok(Response::new(self.registrar.delete(&MILESTONE, &name, &etag, options).await?))
    }

    async fn undelete_milestone(
        &self,
        request: Request<v1::UndeleteMilestoneRequest>,
    ) -> Result<Response<v1::Milestone>, Status> {
        let options = write_of!(request, "PilotService/UndeleteMilestone");
        let v1::UndeleteMilestoneRequest { name, etag, .. } = request.into_inner();
        Ok(Response::new(self.registrar.undelete(&MILESTONE, &name, &etag, options).await?))
    }

    async fn get_pilot_timeline(
        &self,
        request: Request<v1::GetPilotTimelineRequest>,
    ) -> Result<Response<v1::GetPilotTimelineResponse>, Status> {
        Ok(Response::new(timeline::timeline(&self.registrar, request.get_ref()).await?))
    }
}
