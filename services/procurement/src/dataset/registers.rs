//! The registers of a source: documents, mechanisms, pilots, designations, evaluations, cases; only what the source says.

use super::entry::Entry;
use crate::{
    coded::coded,
    error::Error,
    figure::{FigureId, Source},
    region::RegionCode,
};

coded! {
    /// What sort of policy document it is (domain.md section 3).
    PolicyKind, "kind of policy document":
    /// 意见.
    Opinion = "OPINION" "意见",
    /// 目录.
    Catalogue = "CATALOGUE" "目录",
    /// 办法.
    Measure = "MEASURE" "办法",
    /// 通知.
    Notice = "NOTICE" "通知",
    /// 方案.
    Plan = "PLAN" "方案",
    /// 清单.
    List = "LIST" "清单",
}

coded! {
    /// What sort of mechanism leads the reform.
    MechanismKind, "kind of mechanism":
    /// 联席会议.
    JointMeeting = "JOINT_MEETING" "联席会议",
    /// 领导小组.
    LeadingGroup = "LEADING_GROUP" "领导小组",
}

coded! {
    /// What sort of activity figures count.
    ActivityKind, "kind of activity":
    /// 征求意见.
    Consultation = "CONSULTATION" "征求意见",
    /// 送政策上门.
    Outreach = "OUTREACH" "政策宣传",
    /// 政府职能转变.
    FunctionTransfer = "FUNCTION_TRANSFER" "职能转变",
    /// 事业单位改革.
    InstitutionReform = "INSTITUTION_REFORM" "事业单位改革",
}

coded! {
    /// Stages of the reform.
    PilotStage, "stage of the reform":
    /// 统一部署.
    Launch = "LAUNCH" "统一部署",
    /// 扩面.
    Expansion = "EXPANSION" "扩面",
    /// 深化.
    Deepening = "DEEPENING" "深化",
    /// 第三方绩效评价.
    ThirdPartyEvaluation = "THIRD_PARTY_EVALUATION" "第三方绩效评价",
    /// 加强和规范.
    Regulation = "REGULATION" "加强和规范",
}

coded! {
    /// Who takes part in a pilot.
    MemberKind, "kind of member":
    /// 设区市.
    City = "CITY" "设区市",
    /// 县.
    County = "COUNTY" "县",
    /// 省级部门.
    Department = "DEPARTMENT" "部门",
}

coded! {
    /// What a ministry grants.
    DesignationKind, "kind of designation":
    /// 试点省份.
    PilotProvince = "PILOT_PROVINCE" "试点省份",
    /// 联系点.
    ContactPoint = "CONTACT_POINT" "联系点",
}

coded! {
    /// What an evaluation looks at.
    EvaluationSubject, "subject of an evaluation":
    /// 全省制度建设和试点项目.
    ProvinceSystem = "PROVINCE_SYSTEM" "全省制度",
    /// 试点项目.
    PilotProjects = "PILOT_PROJECTS" "试点项目",
}

coded! {
    /// Who evaluates.
    EvaluatorKind, "kind of evaluator":
    /// 第三方.
    ThirdParty = "THIRD_PARTY" "第三方",
    /// The source does not say.
    Unstated = "UNSTATED" "未说明",
}

coded! {
    /// What a result is used for (结果应用).
    ResultUseKind, "use of a result":
    /// 预算安排.
    Budget = "BUDGET" "预算安排",
    /// 承接主体选择.
    ProviderSelection = "PROVIDER_SELECTION" "承接主体选择",
    /// 政策调整.
    Policy = "POLICY" "政策调整",
}

coded! {
    /// What a practice case is about.
    CaseTheme, "theme of a case":
    /// 职能转变.
    FunctionTransfer = "FUNCTION_TRANSFER" "职能转变",
    /// 公共服务.
    PublicService = "PUBLIC_SERVICE" "公共服务",
    /// 养老.
    ElderlyCare = "ELDERLY_CARE" "养老",
    /// 托育.
    ChildCare = "CHILD_CARE" "托育",
    /// 社会治理.
    Governance = "GOVERNANCE" "社会治理",
    /// 生态环境.
    Environment = "ENVIRONMENT" "生态环境",
    /// 疫情防控.
    Epidemic = "EPIDEMIC" "疫情防控",
}

/// Declares the struct of a register and the function that reads it: the fields every entry has, then its own.
macro_rules! register {
    ($(#[$note:meta])* $name:ident by $read:ident: $($(#[$field_note:meta])* $field:ident: $type:ty = $take:expr,)+) => {
        $(#[$note])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            /// Its name in the data set.
            pub id: String,
            $($(#[$field_note])* pub $field: $type,)+
            /// The words of the source.
            pub source: Source,
        }

        pub(super) fn $read(entry: &mut Entry<'_, '_>) -> Result<$name, Error> {
            let id = entry.id()?;
            let source = entry.source()?;
            $(let $field = take(entry, &source, $take)?;)+
            Ok($name { id, $($field,)+ source })
        }
    };
}

fn take<T>(
    entry: &mut Entry<'_, '_>,
    source: &Source,
    read: impl FnOnce(&mut Entry<'_, '_>, &Source) -> Result<T, Error>,
) -> Result<T, Error> {
    read(entry, source)
}

fn figure(entry: &mut Entry<'_, '_>, field: &'static str) -> Result<FigureId, Error> {
    let id = entry.reference(field, &["figure"])?;
    id.parse().map_err(|error: Error| entry.wrong(field, error))
}

fn optional_figure(entry: &mut Entry<'_, '_>, field: &'static str) -> Result<Option<FigureId>, Error> {
    let id = entry.optional_reference(field, &["figure"])?;
    id.map(|id| id.parse().map_err(|error: Error| entry.wrong(field, error))).transpose()
}

fn figures(entry: &mut Entry<'_, '_>) -> Result<Vec<FigureId>, Error> {
    let ids = entry.references("figures", &["figure"])?;
    ids.iter().map(|id| id.parse().map_err(|error: Error| entry.wrong("figures", error))).collect()
}

register! {
    /// A policy document as the source names it.
    PolicyDocument by policy:
    /// Its title, or the words that stand for it.
    title: String = |entry, _| entry.text("title"),
    /// What sort of document.
    kind: PolicyKind = |entry, _| entry.code("kind"),
    /// Who issued it, if the source says so.
    issuer: Option<String> = |entry, _| entry.optional_text("issuer"),
    /// The year of issue, if the source says so.
    year: Option<i32> = |entry, _| entry.optional_year("year"),
    /// Where it applies.
    region: RegionCode = |entry, _| entry.code("region"),
    /// What the reviewer had to assume.
    note: Option<String> = |entry, _| entry.optional_text("note"),
}

register! {
    /// A framework of policy documents: “一个意见、两个目录、若干个办法”.
    PolicyFramework by framework:
    /// Its name in Chinese.
    chinese: String = |entry, _| entry.text("chinese"),
    /// Its name in English.
    english: String = |entry, _| entry.text("english"),
    /// Whose framework.
    region: RegionCode = |entry, _| entry.code("region"),
    /// Ids of the opinions.
    opinions: Vec<String> = |entry, _| entry.references("opinions", &["policy"]),
    /// Ids of the catalogues.
    catalogues: Vec<String> = |entry, _| entry.references("catalogues", &["policy"]),
    /// Ids of the measures.
    measures: Vec<String> = |entry, _| entry.references("measures", &["policy"]),
}

register! {
    /// A body that leads the reform.
    Mechanism by mechanism:
    /// What sort of body.
    kind: MechanismKind = |entry, _| entry.code("kind"),
    /// Its name in Chinese.
    chinese: String = |entry, _| entry.text("chinese"),
    /// Its name in English.
    english: String = |entry, _| entry.text("english"),
    /// The office of who heads it, in the source's words.
    convenor: Option<String> = |entry, source| entry.optional_words("convenor", source),
    /// The body that does the work.
    lead: String = |entry, _| entry.text("lead"),
    /// Since when, if the source says so.
    year: Option<i32> = |entry, _| entry.optional_year("year"),
    /// Where.
    region: RegionCode = |entry, _| entry.code("region"),
}

register! {
    /// One year's edition of a guidance catalogue, by the counts that the source gives.
    Edition by edition:
    /// The catalogue as a policy document.
    policy: String = |entry, _| entry.reference("policy", &["policy"]),
    /// The year.
    year: i32 = |entry, _| entry.year("year"),
    /// Whose catalogue.
    region: RegionCode = |entry, _| entry.code("region"),
    /// How many categories (类).
    categories: FigureId = |entry, _| figure(entry, "categories"),
    /// How many sections (款).
    sections: FigureId = |entry, _| figure(entry, "sections"),
    /// How many items (项).
    items: FigureId = |entry, _| figure(entry, "items"),
}

register! {
    /// An activity of the reform that figures count.
    Activity by activity:
    /// What sort.
    kind: ActivityKind = |entry, _| entry.code("kind"),
    /// What it is, in Chinese.
    chinese: String = |entry, _| entry.text("chinese"),
    /// What it is, in English.
    english: String = |entry, _| entry.text("english"),
    /// Where.
    region: RegionCode = |entry, _| entry.code("region"),
    /// What counts it.
    figures: Vec<FigureId> = |entry, _| figures(entry),
}

register! {
    /// A pilot or a stage of the reform.
    Pilot by pilot:
    /// Its name in Chinese.
    chinese: String = |entry, _| entry.text("chinese"),
    /// Its name in English.
    english: String = |entry, _| entry.text("english"),
    /// Which stage of the reform it is.
    stage: PilotStage = |entry, _| entry.code("stage"),
    /// When it begins.
    year: i32 = |entry, _| entry.year("year"),
    /// Where.
    region: RegionCode = |entry, _| entry.code("region"),
    /// The document it rests on.
    policy: String = |entry, _| entry.reference("policy", &["policy"]),
}

register! {
    /// Members of a pilot that the source counts without naming them.
    Member by member:
    /// The pilot.
    pilot: String = |entry, _| entry.reference("pilot", &["pilot"]),
    /// Who they are.
    kind: MemberKind = |entry, _| entry.code("kind"),
    /// How many.
    count: FigureId = |entry, _| figure(entry, "count"),
    /// How many projects they take part with, if the source says so.
    projects: Option<FigureId> = |entry, _| optional_figure(entry, "projects"),
}

register! {
    /// What a ministry granted to a place.
    Designation by designation:
    /// What sort.
    kind: DesignationKind = |entry, _| entry.code("kind"),
    /// Its title in Chinese.
    chinese: String = |entry, _| entry.text("chinese"),
    /// Its title in English.
    english: String = |entry, _| entry.text("english"),
    /// Who granted it, in the source's words.
    grantor: Option<String> = |entry, source| entry.optional_words("grantor", source),
    /// Who holds it.
    holder: RegionCode = |entry, _| entry.code("holder"),
    /// Since when.
    year: i32 = |entry, _| entry.year("year"),
    /// How many the nation has.
    national_total: Option<FigureId> = |entry, _| optional_figure(entry, "national_total"),
}

register! {
    /// An evaluation.
    Evaluation by evaluation:
    /// What sort of thing was evaluated.
    subject: EvaluationSubject = |entry, _| entry.code("subject"),
    /// What was evaluated, in Chinese.
    chinese: String = |entry, _| entry.text("chinese"),
    /// What was evaluated, in English.
    english: String = |entry, _| entry.text("english"),
    /// When.
    year: i32 = |entry, _| entry.year("year"),
    /// Where.
    region: RegionCode = |entry, _| entry.code("region"),
    /// Who evaluated.
    evaluator_kind: EvaluatorKind = |entry, _| entry.code("evaluator_kind"),
    /// Its name, in the source's words.
    evaluator: Option<String> = |entry, source| entry.optional_words("evaluator", source),
    /// Whom the report went to, in the source's words.
    delivered_to: Option<String> = |entry, source| entry.optional_words("delivered_to", source),
    /// Through which publication, in the source's words.
    channel: Option<String> = |entry, source| entry.optional_words("channel", source),
    /// The pilot whose projects were evaluated.
    pilot: Option<String> = |entry, _| entry.optional_reference("pilot", &["pilot"]),
    /// What counts it.
    figures: Vec<FigureId> = |entry, _| figures(entry),
}

register! {
    /// What the results of evaluations are used for.
    ResultUse by result_use:
    /// What for.
    kind: ResultUseKind = |entry, _| entry.code("kind"),
    /// The same in the source's words.
    chinese: String = |entry, _| entry.text("chinese"),
    /// The same in English.
    english: String = |entry, _| entry.text("english"),
    /// Where.
    region: RegionCode = |entry, _| entry.code("region"),
}

register! {
    /// Something that happened in a year.
    Milestone by milestone:
    /// The year.
    year: i32 = |entry, _| entry.year("year"),
    /// What happened, in Chinese.
    chinese: String = |entry, _| entry.text("chinese"),
    /// What happened, in English.
    english: String = |entry, _| entry.text("english"),
    /// The entries that tell more.
    entries: Vec<String> = |entry, _| entry.references("entries", &[]),
}

register! {
    /// A place's practice. Problem, means and outcome are words of the source.
    PracticeCase by case:
    /// Its title in Chinese.
    chinese: String = |entry, _| entry.text("chinese"),
    /// Its title in English.
    english: String = |entry, _| entry.text("english"),
    /// Where.
    region: RegionCode = |entry, _| entry.code("region"),
    /// What about.
    theme: CaseTheme = |entry, _| entry.code("theme"),
    /// What was wrong before.
    problem: Option<String> = |entry, source| entry.optional_words("problem", source),
    /// What was done.
    means: Option<String> = |entry, source| entry.optional_words("means", source),
    /// What came of it.
    outcome: Option<String> = |entry, source| entry.optional_words("outcome", source),
    /// The figures before and after.
    figures: Vec<FigureId> = |entry, _| figures(entry),
}
