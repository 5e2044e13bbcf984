//! A made-up guidance catalogue with the published counts: 2类16款65项 up to 2015, 6类46款170项 after.
//!
//! Section names are those usual in such catalogues; the items below them are made up and say so.

use super::MARK;
use crate::catalogue::{CatalogueItem, Depth, Edition, ItemUid, ServiceKind};

// (category, kind, names of its sections).
type Branch = (&'static str, ServiceKind, &'static [&'static str]);

const EARLY: [Branch; 2] = [
    (
        "公共服务",
        ServiceKind::Public,
        &[
            "公共教育",
            "劳动就业",
            "社会救助",
            "养老服务",
            "残疾人服务",
            "医疗卫生",
            "公共文化",
            "公共体育",
            "环境治理",
            "社区建设",
        ],
    ),
    ("履职辅助", ServiceKind::Auxiliary, &["法律服务", "课题研究", "会议服务", "监督检查", "绩效评价", "技术业务培训"]),
];

const LATE: [Branch; 6] = [
    (
        "基本公共服务",
        ServiceKind::Public,
        &[
            "公共教育",
            "劳动就业",
            "人才服务",
            "社会保险",
            "社会救助",
            "养老服务",
            "儿童福利服务",
            "残疾人服务",
            "优抚安置",
            "医疗卫生",
            "住房保障",
            "公共文化",
            "公共体育",
            "公共安全",
            "公共交通运输",
            "农业农村服务",
            "环境治理",
            "城市维护",
        ],
    ),
    (
        "社会管理性服务",
        ServiceKind::Public,
        &[
            "社区建设",
            "社会组织建设与管理",
            "社会工作服务",
            "法律援助",
            "防灾救灾",
            "人民调解",
            "社区矫正",
            "流动人口管理",
            "安置帮教",
            "志愿服务运营管理",
            "公益宣传",
        ],
    ),
    ("行业管理与协调性服务", ServiceKind::Public, &["职业资格和水平测试管理", "行业规范", "行业投诉处理"]),
    (
        "技术性服务",
        ServiceKind::Auxiliary,
        &["科研和技术推广", "行业规划", "行业统计分析", "检验检测", "监测服务", "会计审计服务"],
    ),
    (
        "政府履职所需辅助性服务",
        ServiceKind::Auxiliary,
        &["法律服务", "课题研究", "会议服务", "监督检查", "绩效评价", "技术业务培训", "信息化服务"],
    ),
    ("其他服务", ServiceKind::Public, &["其他适宜由社会力量承担的服务"]),
];

const ASPECTS: [&str; 5] = ["组织实施", "运营管理", "宣传推广", "评估监测", "综合保障"];

/// The made-up edition of a year, a draft that may be published.
///
/// # Panics
/// Never: that it builds is a test's promise.
#[must_use]
pub fn edition(year: i32) -> Edition {
    let (branches, items): (&[Branch], usize) = if year <= 2015 { (&EARLY, 65) } else { (&LATE, 170) };
    let sections: usize = branches.iter().map(|(.., names)| names.len()).sum();
    let mut lines = Vec::new();
    let mut at = 0;
    for (c, (category, kind, names)) in branches.iter().enumerate() {
        let line =
            |uid: String, code: String, name: &str, depth, parent: Option<&ItemUid>, sort: usize| CatalogueItem {
                uid: uid.parse().expect("made-up uids are sound"),
                code,
                name: name.to_owned(),
                depth,
                parent: parent.cloned(),
                service_kind: *kind,
                description: format!("{MARK}不是任何地区公布的目录"),
                sort: sort as u32,
            };
        let category_line =
            line(format!("syn-{}", key(category)), format!("SYN-{:02}", c + 1), category, Depth::Category, None, c);
        for (s, section) in names.iter().enumerate() {
            let section_line = line(
                format!("syn-{}", key(section)),
                format!("SYN-{:02}{:02}", c + 1, s + 1),
                section,
                Depth::Section,
                Some(&category_line.uid),
                s,
            );
            // The items that do not divide evenly go to the first sections, one each.
            let mine = items / sections + usize::from(at < items % sections);
            at += 1;
            for (i, aspect) in ASPECTS.iter().take(mine).enumerate() {
                lines.push(line(
                    format!("syn-{}-{}", key(section), i + 1),
                    format!("SYN-{:02}{:02}{:02}", c + 1, s + 1, i + 1),
                    &format!("{section}{aspect}"),
                    Depth::Item,
                    Some(&section_line.uid),
                    i,
                ));
            }
            lines.push(section_line);
        }
        lines.push(category_line);
    }
    Edition::with_items(year, 1, lines).expect("the made-up catalogue is sound")
}

// The same name has the same key in both editions, so that they can be compared.
fn key(name: &str) -> String {
    name.chars().map(|c| format!("{:x}", c as u32)).collect::<Vec<_>>().join(".").chars().take(48).collect()
}
