//! What the values of the wire are called, in Chinese and English: every list of the registers in one place.

use proto::procurement::v1::{
    Alteration, AreaScope, CaseTheme, ClaimRelation, ClaimVerdict, ContractState, DesignationKind, DocumentStanding,
    EditionChangeKind, EditionState, EvaluationPhase, EvaluationState, EvaluatorKind, FigureBasis, FigureQualifier,
    FigureUnit, FlagSource, FrameworkSlotState, ItemLevel, LinkKind, MechanismKind, OrganisationForm, Origin, Outcome,
    PilotMemberKind, PilotStage, PolicyKind, ProcurementMethod, ProjectState, ProviderKind, ProviderScale,
    ProviderStatus, PurchaserKind, RecordsVerdict, RegionChange, RegionLevel, ResultEffect, ResultUseKind,
    RollupDimension, RollupMeasure, ServiceKind, Severity, TransferState,
};

use crate::{Language, html::Tone};

/// A closed list of the wire whose values have names.
pub trait Named: Copy + PartialEq + 'static {
    /// Every value but the unspecified one, in the order of the wire.
    const ALL: &'static [Self];

    /// What it is called: Chinese, English.
    fn words(self) -> (&'static str, &'static str);

    /// Its name on the wire without what all of its list share: `OPEN_TENDER`.
    fn code(self) -> &'static str;

    /// What it is called in a language.
    fn named(self, language: Language) -> &'static str {
        let (zh, en) = self.words();
        language.of(zh, en)
    }

    /// The value of a code.
    fn of_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.code() == code)
    }
}

macro_rules! named {
    ($($list:ident $prefix:literal { $none_zh:literal $none_en:literal, $($value:ident $zh:literal $en:literal),* $(,)? })*) => {
        $(
            impl Named for $list {
                const ALL: &'static [Self] = &[$(Self::$value),*];

                fn words(self) -> (&'static str, &'static str) {
                    match self {
                        Self::Unspecified => ($none_zh, $none_en),
                        $(Self::$value => ($zh, $en),)*
                    }
                }

                fn code(self) -> &'static str {
                    let name = self.as_str_name();
                    name.strip_prefix($prefix).unwrap_or(name)
                }
            }
        )*
    };
}

named! {
    ServiceKind "SERVICE_KIND_" { "未登记" "not recorded",
        Public "公共服务" "public service",
        Auxiliary "政府履职辅助性服务" "auxiliary to the government's own work",
    }
    Origin "ORIGIN_" { "真实数据" "real records",
        Real "真实数据" "real records",
        Synthetic "模拟数据" "synthetic records",
        All "真实与模拟合计" "real and synthetic together",
    }
    Severity "SEVERITY_" { "提示" "note",
        Warning "提示" "warning",
        Error "违反规定" "error",
    }
    Outcome "OUTCOME_" { "未判定" "not judged",
        Pass "符合" "kept",
        Fail "不符合" "broken",
        Undetermined "无法判定" "undetermined",
    }
    ProcurementMethod "PROCUREMENT_METHOD_" { "未登记" "not recorded",
        OpenTender "公开招标" "open tender",
        InvitedTender "邀请招标" "invited tender",
        CompetitiveNegotiation "竞争性谈判" "competitive negotiation",
        CompetitiveConsultation "竞争性磋商" "competitive consultation",
        Inquiry "询价" "inquiry",
        SingleSource "单一来源" "single source",
        FrameworkAgreement "框架协议" "framework agreement",
        Other "其他" "other",
    }
    OrganisationForm "ORGANISATION_FORM_" { "未登记" "not recorded",
        Central "集中采购" "central",
        Dispersed "分散采购" "dispersed",
    }
    ProjectState "PROJECT_STATE_" { "未登记" "not recorded",
        Planned "计划" "planned",
        Procuring "采购中" "procuring",
        UnderContract "履约中" "under contract",
        Finished "已完成" "finished",
        Cancelled "已取消" "cancelled",
    }
    ContractState "CONTRACT_STATE_" { "未登记" "not recorded",
        Draft "未签订" "not signed",
        InForce "履行中" "in force",
        Accepted "验收合格" "accepted",
        Rejected "验收不合格" "rejected",
        Terminated "已终止" "terminated",
    }
    ProviderKind "PROVIDER_KIND_" { "未登记" "not recorded",
        Enterprise "企业" "enterprise",
        SocialInstitution "社会机构" "social institution",
        SocialOrganisation "社会组织" "social organisation",
        PublicInstitutionOne "公益一类事业单位" "public institution, class one",
        PublicInstitutionTwo "公益二类事业单位" "public institution, class two",
        PublicInstitutionCommercial "从事生产经营活动的事业单位" "commercial public institution",
        FundedMassOrganisation "财政保障的群团组织" "funded mass organisation",
        VillageCollective "农村集体经济组织" "village collective",
        GrassrootsSelfGovernment "基层群众性自治组织" "grassroots self-government",
        Individual "个人" "individual",
    }
    ProviderScale "PROVIDER_SCALE_" { "未登记" "not recorded",
        Large "大型" "large",
        Medium "中型" "medium",
        Small "小型" "small",
        Micro "微型" "micro",
        Other "不适用" "does not apply",
    }
    ProviderStatus "PROVIDER_STATUS_" { "未登记" "not recorded",
        Active "存续" "active",
        Revoked "吊销" "revoked",
        Deregistered "注销" "deregistered",
    }
    FlagSource "FLAG_SOURCE_" { "未登记" "not recorded",
        DishonestJudgmentDebtor "失信被执行人名单" "dishonest judgment debtors",
        TaxViolation "重大税收违法失信主体名单" "grave tax violations",
        ProcurementViolation "政府采购严重违法失信行为记录名单" "grave procurement violations",
    }
    PurchaserKind "PURCHASER_KIND_" { "未登记" "not recorded",
        StateOrgan "国家机关" "state organ",
        AdministrativeInstitution "承担行政职能的事业单位" "administrative institution",
        ByReference "参照执行单位" "by reference",
    }
    EditionState "EDITION_STATE_" { "未登记" "not recorded",
        Draft "草案" "draft",
        Published "已公布" "in force",
        Superseded "已被替代" "superseded",
    }
    ItemLevel "ITEM_LEVEL_" { "未登记" "not recorded",
        Category "类" "category",
        Section "款" "section",
        Item "项" "item",
    }
    LinkKind "LINK_KIND_" { "未登记" "not recorded",
        Same "不变" "same",
        Rename "更名" "renamed",
        Move "调整位置" "moved",
        Split "拆分" "split",
        Merge "合并" "merged",
        Regroup "重组" "regrouped",
    }
    EditionChangeKind "EDITION_CHANGE_KIND_" { "未登记" "not recorded",
        Added "新增" "added",
        Removed "删除" "removed",
        Altered "修改" "altered",
        Split "拆分" "split",
        Merged "合并" "merged",
        Regrouped "重组" "regrouped",
    }
    Alteration "ALTERATION_" { "未登记" "not recorded",
        Renamed "名称" "title",
        Recoded "代码" "code",
        Moved "所属上级" "parent",
        TextChanged "说明" "description",
        Reclassified "服务类别" "kind of service",
        Reordered "次序" "order",
        Rekeyed "内部标识" "key",
    }
    FigureUnit "FIGURE_UNIT_" { "" "",
        Yuan "元" "yuan",
        WanYuan "万元" "× 10,000 yuan",
        YiYuan "亿元" "× 100 million yuan",
        Thing "个" "",
        Item "项" "items",
        Category "类" "categories",
        Section "款" "sections",
        Document "件" "documents",
        House "家" "organisations",
        Person "名" "people",
        Day "天" "days",
        Month "个月" "months",
        Percent "%" "%",
        Times "倍" "times",
        PerTenThousand "个/万人" "per 10,000 people",
        Rank "位" "in rank",
    }
    FigureQualifier "FIGURE_QUALIFIER_" { "确数" "as written",
        Exact "确数" "as written",
        MoreThan "多" "more than",
        About "约" "about",
        OrderOf "几（数量级）" "order of magnitude",
        Average "平均" "average",
        AtLeast "以上" "at least",
    }
    FigureBasis "FIGURE_BASIS_" { "未登记" "not recorded",
        Budget "预算" "budget",
        Contract "合同" "contract",
        Settlement "决算" "settlement",
        Payment "支付" "payment",
        Expenditure "财政支出" "expenditure",
        Implementation "实施" "implementation",
        Registration "登记" "registration",
        Population "人口" "population",
        Count "计数" "count",
        Derived "推算" "derived by the source",
        Unstated "未说明" "not stated",
    }
    AreaScope "AREA_SCOPE_" { "未登记" "not recorded",
        WholeArea "全辖" "whole area",
        OwnLevel "本级" "own level",
    }
    ClaimRelation "CLAIM_RELATION_" { "未登记" "not recorded",
        Equals "等于" "equals",
        Exceeds "高于" "exceeds",
    }
    ClaimVerdict "CLAIM_VERDICT_" { "未判定" "not judged",
        Consistent "一致" "consistent",
        Inconsistent "不一致" "inconsistent",
        AmbiguousBase "基数有歧义" "ambiguous base",
        Undetermined "无法判定" "undetermined",
    }
    RecordsVerdict "RECORDS_VERDICT_" { "未核对" "not compared",
        Match "相符" "match",
        WithinRounding "在舍入范围内" "within rounding",
        Differs "不符" "differs",
        PartialCoverage "数据不全" "partial coverage",
        NoData "没有可比数据" "no data",
    }
    RollupDimension "ROLLUP_DIMENSION_" { "不分组" "no groups",
        Year "年度" "year",
        Region "地区（本级）" "region (own level)",
        Level "层级" "level",
        Class "目录类别" "category of the catalogue",
        ServiceKind "服务类别" "kind of service",
        Method "采购方式" "method",
        ProviderKind "承接主体类型" "kind of provider",
    }
    RollupMeasure "ROLLUP_MEASURE_" { "未登记" "not recorded",
        ProjectCount "项目数" "projects",
        SettledProjectCount "已决算项目数" "settled projects",
        BudgetFen "预算金额" "budget",
        SettlementFen "决算金额" "settlement",
        ContractCount "合同数" "contracts",
        ContractFen "合同金额" "contract amount",
        PaidFen "支付金额" "paid",
    }
    RegionLevel "REGION_LEVEL_" { "未登记" "not recorded",
        Nation "全国" "nation",
        Province "省级" "province",
        City "地市级" "city",
        County "县级" "county",
        Township "乡级" "township",
        Village "村级" "village",
    }
    RegionChange "REGION_CHANGE_" { "未登记" "not recorded",
        Rename "更名" "renamed",
        Merge "合并" "merged",
        Split "析分" "split",
        Upgrade "改制" "changed rank",
        Transfer "划转" "transfer",
    }
    PolicyKind "POLICY_KIND_" { "未登记" "not recorded",
        Opinion "意见" "opinion",
        Catalogue "目录" "catalogue",
        Measure "办法" "measure",
        Notice "通知" "notice",
        Plan "方案" "plan",
        List "清单" "list",
    }
    MechanismKind "MECHANISM_KIND_" { "未登记" "not recorded",
        JointMeeting "联席会议" "joint meeting",
        LeadingGroup "领导小组" "leading group",
    }
    TransferState "TRANSFER_STATE_" { "未说明" "not stated",
        Retained "保留" "retained",
        Planned "拟转移" "to be transferred",
        Transferred "已转移" "transferred",
        Purchased "购买服务" "purchased",
    }
    FrameworkSlotState "FRAMEWORK_SLOT_STATE_" { "未判定" "not judged",
        Filled "齐备" "filled",
        Partial "部分齐备" "partial",
        Empty "空缺" "empty",
        Undetermined "无法判定" "undetermined",
    }
    DocumentStanding "DOCUMENT_STANDING_" { "未判定" "not judged",
        InForce "有效" "in force",
        NotYet "尚未施行" "not yet in force",
        Abolished "已废止" "abolished",
        Superseded "已被替代" "superseded",
        Undetermined "无法判定" "undetermined",
        Deleted "已删除" "deleted",
    }
    PilotStage "PILOT_STAGE_" { "未说明" "not stated",
        Launch "统一部署" "launch",
        Expansion "扩面" "expansion",
        Deepening "深化" "deepening",
        ThirdPartyEvaluation "第三方绩效评价" "third-party evaluation",
        Regulation "加强和规范" "regulation",
    }
    PilotMemberKind "PILOT_MEMBER_KIND_" { "未登记" "not recorded",
        City "设区市" "cities",
        County "县（市、区）" "counties",
        Department "部门" "departments",
    }
    DesignationKind "DESIGNATION_KIND_" { "未登记" "not recorded",
        PilotProvince "试点省份" "pilot province",
        ContactPoint "联系点" "contact point",
    }
    EvaluationPhase "EVALUATION_PHASE_" { "未说明" "not stated",
        Before "事前" "before",
        During "事中" "during",
        After "事后" "after",
    }
    EvaluatorKind "EVALUATOR_KIND_" { "未说明" "not stated",
        Self_ "单位自评" "by the purchaser itself",
        Finance "财政评价" "by the finance department",
        ThirdParty "第三方评价" "by a third party",
    }
    EvaluationState "EVALUATION_STATE_" { "未登记" "not recorded",
        Open "评价中" "open",
        Reported "已提交报告" "reported",
        Final "已定稿" "final",
    }
    ResultUseKind "RESULT_USE_KIND_" { "未登记" "not recorded",
        Budget "预算安排" "budget",
        ProviderSelection "承接主体选择" "selection of providers",
        Policy "政策调整" "policy",
    }
    ResultEffect "RESULT_EFFECT_" { "未登记" "not recorded",
        Raise "增加预算" "budget raised",
        Keep "维持预算" "budget kept",
        Cut "减少预算" "budget cut",
        Stop "终止项目" "project stopped",
        Renew "续签" "renewed",
        Warn "警示" "warned",
        Replace "更换" "replaced",
        BarUntil "限期内不得选择" "barred until a day",
        Amend "修订政策" "policy amended",
    }
    CaseTheme "CASE_THEME_" { "未登记" "not recorded",
        FunctionTransfer "职能转变" "transfer of functions",
        PublicService "公共服务" "public service",
        ElderlyCare "养老" "care of the elderly",
        ChildCare "托育" "child care",
        Governance "社会治理" "governance",
        Environment "生态环境" "environment",
        Epidemic "疫情防控" "epidemic",
    }
}

/// How a verdict on a claim looks.
#[must_use]
pub fn claim_tone(verdict: ClaimVerdict) -> Tone {
    match verdict {
        ClaimVerdict::Consistent => Tone::Good,
        ClaimVerdict::Inconsistent => Tone::Bad,
        ClaimVerdict::AmbiguousBase => Tone::Warn,
        ClaimVerdict::Undetermined | ClaimVerdict::Unspecified => Tone::Plain,
    }
}

/// How a verdict on a figure looks.
#[must_use]
pub fn records_tone(verdict: RecordsVerdict) -> Tone {
    match verdict {
        RecordsVerdict::Match | RecordsVerdict::WithinRounding => Tone::Good,
        RecordsVerdict::Differs => Tone::Bad,
        RecordsVerdict::PartialCoverage => Tone::Warn,
        RecordsVerdict::NoData | RecordsVerdict::Unspecified => Tone::Plain,
    }
}

/// How the outcome of a rule looks.
#[must_use]
pub fn outcome_tone(outcome: Outcome, severity: Severity) -> Tone {
    match (outcome, severity) {
        (Outcome::Pass, _) => Tone::Good,
        (Outcome::Fail, Severity::Error) => Tone::Bad,
        (Outcome::Fail, _) => Tone::Warn,
        (Outcome::Undetermined | Outcome::Unspecified, _) => Tone::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_again_by_the_code_that_filters_and_addresses_know_it_by() {
        for method in ProcurementMethod::ALL {
            assert_eq!(ProcurementMethod::of_code(method.code()), Some(*method));
        }
        assert_eq!(ProcurementMethod::OpenTender.code(), "OPEN_TENDER");
        assert_eq!(ProviderKind::PublicInstitutionOne.code(), "PUBLIC_INSTITUTION_ONE");
        assert_eq!(ProcurementMethod::of_code("UNSPECIFIED"), None);
    }
}
