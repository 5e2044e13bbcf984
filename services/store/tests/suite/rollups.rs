//! Totals of projects and contracts, against an addition of their own.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, Statement};
use store::{
    Store,
    register::{Column, ColumnKind, Draft, Register, Term, Value, Write},
    rollup::{Dimension, Origin, RollupQuery, Totals},
};

use crate::{
    registers::{change, empty, projects, text, with},
    scene::Scene,
    seeded::Seeded,
};

/// The register of contracts, as its table is.
fn contracts() -> Register {
    let names = ["title", "contract_no", "project", "provider", "provider_kind", "signed_day", "end_day", "state"];
    let mut columns = Vec::from(names.map(|name| Column { name, kind: ColumnKind::Text }));
    columns.extend(["amount_fen", "paid_fen"].map(|name| Column { name, kind: ColumnKind::OptionalInteger }));
    Register { table: "contract", columns }
}

const DIMENSIONS: [Dimension; 7] = [
    Dimension::Year,
    Dimension::Region,
    Dimension::Level,
    Dimension::Class,
    Dimension::ServiceKind,
    Dimension::Method,
    Dimension::ProviderKind,
];

#[derive(Clone, Debug)]
struct Project {
    year: i64,
    /// Region, level, class, service kind, method.
    codes: [&'static str; 5],
    purchaser: &'static str,
    budget_fen: Option<i64>,
    settlement_fen: Option<i64>,
    is_synthetic: bool,
    is_deleted: bool,
}

impl Project {
    fn draft(&self, id: &str) -> Draft {
        let register = &projects();
        let mut draft = with(register, empty(register, id), "year", Value::Integer(self.year));
        for (name, code) in ["region", "level", "class", "service_kind", "method"].into_iter().zip(self.codes) {
            draft = with(register, draft, name, text(code));
        }
        draft = with(register, draft, "purchaser", text(self.purchaser));
        for (name, fen) in [("budget_fen", self.budget_fen), ("settlement_fen", self.settlement_fen)] {
            draft = with(register, draft, name, fen.map_or(Value::Unset, Value::Integer));
        }
        draft.is_synthetic = self.is_synthetic;
        draft.body["is_synthetic"] = self.is_synthetic.into();
        draft
    }
}

#[derive(Clone, Debug)]
struct Contract {
    project: String,
    /// Provider, its kind, its part, what of that was paid.
    parts: Vec<(&'static str, &'static str, i64, i64)>,
    is_synthetic: bool,
    is_deleted: bool,
}

impl Contract {
    fn kind(&self) -> &'static str {
        self.parts.first().map_or("", |part| part.1)
    }

    fn draft(&self, id: &str) -> Draft {
        let register = &contracts();
        let mut draft = with(register, empty(register, id), "project", text(&self.project));
        draft = with(register, draft, "provider_kind", text(self.kind()));
        for (provider, kind, amount, paid) in &self.parts {
            let term = |facet, term: &str, amount| Term { facet, term: term.into(), amount };
            draft.terms.push(term("providers", provider, 0));
            draft.terms.push(term("provider_kinds", kind, *amount));
            draft.terms.push(term("provider_kinds_paid", kind, *paid));
        }
        draft.is_synthetic = self.is_synthetic;
        draft.body["all"] = format!("{self:?}").into();
        draft
    }
}

/// Everything that was written, kept apart from the tables.
#[derive(Default)]
struct World {
    projects: BTreeMap<String, Project>,
    contracts: BTreeMap<String, Contract>,
}

fn takes_in(query: &RollupQuery, codes: &[String; 7], is_synthetic: bool) -> bool {
    let year: i32 = codes[0].parse().unwrap();
    let within = |ranges: &[(String, String)]| ranges.iter().any(|(from, to)| *from <= codes[1] && codes[1] < *to);
    query.years.contains(&year)
        && (query.regions.is_empty() || within(&query.regions))
        && !within(&query.without_regions)
        && query.only.iter().all(|(dimension, only)| only.contains(&codes[at(*dimension)]))
        && (query.origin == Origin::All || is_synthetic == (query.origin == Origin::Synthetic))
}

fn at(dimension: Dimension) -> usize {
    DIMENSIONS.iter().position(|known| *known == dimension).unwrap()
}

impl World {
    fn codes(project: &Project, provider_kind: &str) -> [String; 7] {
        let [region, level, class, service_kind, method] = project.codes.map(str::to_owned);
        [project.year.to_string(), region, level, class, service_kind, method, provider_kind.to_owned()]
    }

    /// The live contracts of live projects.
    fn contracts(&self) -> impl Iterator<Item = (&Project, &Contract)> {
        let live = self.contracts.values().filter(|contract| !contract.is_deleted);
        live.map(|contract| (&self.projects[&contract.project], contract)).filter(|(project, _)| !project.is_deleted)
    }

    /// The answer, added up one by one.
    fn totals(&self, query: &RollupQuery) -> Vec<Totals> {
        let mut groups: BTreeMap<Vec<String>, Totals> = BTreeMap::new();
        let mut add = |codes: [String; 7], is_synthetic: bool, add: &dyn Fn(&mut Totals)| {
            if takes_in(query, &codes, is_synthetic) {
                let key: Vec<String> = query.dimensions.iter().map(|dimension| codes[at(*dimension)].clone()).collect();
                add(groups.entry(key.clone()).or_insert_with(|| Totals { codes: key, ..Totals::default() }));
            }
        };
        for project in self.projects.values().filter(|project| !project.is_deleted) {
            add(Self::codes(project, ""), project.is_synthetic, &|totals| {
                totals.project_count += 1;
                totals.settled_project_count += i64::from(project.settlement_fen.is_some());
                totals.budget_fen += project.budget_fen.unwrap_or(0);
                totals.settlement_fen += project.settlement_fen.unwrap_or(0);
            });
        }
        for (project, contract) in self.contracts() {
            add(Self::codes(project, contract.kind()), contract.is_synthetic, &|totals| totals.contract_count += 1);
            for (_, kind, amount, paid) in &contract.parts {
                add(Self::codes(project, kind), contract.is_synthetic, &|totals| {
                    totals.contract_fen += amount;
                    totals.paid_fen += paid;
                });
            }
        }
        if query.dimensions.is_empty() {
            groups.entry(vec![]).or_default();
        }
        groups.into_values().collect()
    }

    fn distinct(&self, query: &RollupQuery) -> (u64, u64) {
        let mut purchasers = BTreeSet::new();
        for project in self.projects.values().filter(|project| !project.is_deleted) {
            if takes_in(query, &Self::codes(project, ""), project.is_synthetic) && !project.purchaser.is_empty() {
                purchasers.insert(project.purchaser);
            }
        }
        let mut providers = BTreeSet::new();
        for (project, contract) in self.contracts() {
            let mut kinds = contract.parts.iter().map(|part| part.1);
            if kinds.any(|kind| takes_in(query, &Self::codes(project, kind), contract.is_synthetic)) {
                providers.extend(contract.parts.iter().map(|part| part.0));
            }
        }
        (purchasers.len() as u64, providers.len() as u64)
    }

    fn regions(&self, year: i32, origin: Origin) -> Vec<String> {
        let query = RollupQuery { years: year..=year, origin, ..everything() };
        let live = self.projects.values().filter(|project| !project.is_deleted);
        let taken = live.filter(|project| takes_in(&query, &Self::codes(project, ""), project.is_synthetic));
        let regions: BTreeSet<String> = taken.map(|project| project.codes[0].to_owned()).collect();
        regions.into_iter().collect()
    }
}

fn everything() -> RollupQuery {
    RollupQuery {
        dimensions: Vec::new(),
        years: 2000..=2100,
        regions: Vec::new(),
        without_regions: Vec::new(),
        only: Vec::new(),
        origin: Origin::All,
    }
}

fn random_project(seeded: &mut Seeded) -> Project {
    // Sums of a few of these are beyond what a double holds exactly.
    let fen = |seeded: &mut Seeded| seeded.chance(3, 4).then(|| seeded.below(1 << 55).cast_signed() + 1);
    Project {
        year: 2015 + seeded.below(3).cast_signed(),
        codes: [
            seeded.one(&["330000", "330100", "330182", "330200", "440000"]),
            seeded.one(&["PROVINCE", "CITY", "COUNTY"]),
            seeded.one(&["", "A", "B"]),
            seeded.one(&["PUBLIC", "AUXILIARY"]),
            seeded.one(&["OPEN", "SINGLE"]),
        ],
        purchaser: seeded.one(&["", "u1", "u2", "u3"]),
        budget_fen: fen(seeded),
        settlement_fen: fen(seeded),
        is_synthetic: seeded.chance(1, 3),
        is_deleted: false,
    }
}

fn random_contract(seeded: &mut Seeded, world: &World) -> Contract {
    let ids: Vec<&String> = world.projects.keys().collect();
    let parts = (0..1 + seeded.below(3))
        .map(|_| {
            let amount = seeded.below(1 << 53).cast_signed();
            (
                seeded.one(&["q1", "q2", "q3", "q4"]),
                seeded.one(&["ENTERPRISE", "SOCIAL_ORGANISATION", "INSTITUTION"]),
                amount,
                amount / 3,
            )
        })
        .collect();
    Contract { project: (*seeded.one(&ids)).clone(), parts, is_synthetic: seeded.chance(1, 3), is_deleted: false }
}

/// One random write to the tables and to the world.
async fn step(store: &Store, seeded: &mut Seeded, world: &mut World, number: usize) {
    let (projects, contracts) = (&projects(), &contracts());
    let choice = if world.projects.len() < 3 { 0 } else { seeded.below(9) };
    let write = match choice {
        0 | 1 => {
            let (id, project) = (format!("p{number}"), random_project(seeded));
            let draft = project.draft(&id);
            world.projects.insert(id, project);
            Write::Insert(projects, draft)
        }
        2 | 3 => {
            let (id, contract) = (format!("c{number}"), random_contract(seeded, world));
            let draft = contract.draft(&id);
            world.contracts.insert(id, contract);
            Write::Insert(contracts, draft)
        }
        4 | 5 => {
            let project = random_project(seeded);
            let live: Vec<_> = world.projects.iter_mut().filter(|(_, project)| !project.is_deleted).collect();
            let Some((id, kept)) = seeded.any(live) else { return };
            *kept = project;
            Write::Update(projects, kept.draft(id), None)
        }
        6 => {
            let contract = random_contract(seeded, world);
            let live: Vec<_> = world.contracts.iter_mut().filter(|(_, contract)| !contract.is_deleted).collect();
            let Some((id, kept)) = seeded.any(live) else { return };
            *kept = contract;
            Write::Update(contracts, kept.draft(id), None)
        }
        7 => {
            let Some((id, kept)) = seeded.any(world.projects.iter_mut().collect()) else { return };
            kept.is_deleted = !kept.is_deleted;
            let id = id.clone();
            if kept.is_deleted { Write::Delete(projects, id, None) } else { Write::Undelete(projects, id, None) }
        }
        _ => {
            let Some((id, kept)) = seeded.any(world.contracts.iter_mut().collect()) else { return };
            kept.is_deleted = !kept.is_deleted;
            let id = id.clone();
            if kept.is_deleted { Write::Delete(contracts, id, None) } else { Write::Undelete(contracts, id, None) }
        }
    };
    store.register_write(change(vec![write])).await.unwrap();
}

fn random_query(seeded: &mut Seeded) -> RollupQuery {
    let range = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    let regions = [vec![], vec![range("330000", "340000")], vec![range("330100", "330200"), range("44", "45")]];
    let without = [vec![], vec![], vec![range("330200", "330300")]];
    let only: [(Dimension, &[&str]); 5] = [
        (Dimension::ServiceKind, &["PUBLIC"]),
        (Dimension::Class, &["", "A"]),
        (Dimension::ProviderKind, &["ENTERPRISE", "INSTITUTION"]),
        (Dimension::ProviderKind, &["", "ENTERPRISE"]),
        (Dimension::Year, &["2016", "x"]),
    ];
    let from = 2014 + i32::try_from(seeded.below(4)).unwrap();
    RollupQuery {
        dimensions: DIMENSIONS.into_iter().filter(|_| seeded.chance(1, 3)).collect(),
        years: from..=from + i32::try_from(seeded.below(4)).unwrap(),
        regions: seeded.one(&regions),
        without_regions: seeded.one(&without),
        only: only
            .into_iter()
            .filter(|_| seeded.chance(1, 5))
            .map(|(dimension, codes)| (dimension, codes.iter().map(|code| (*code).to_owned()).collect()))
            .collect(),
        origin: seeded.one(&[Origin::All, Origin::Real, Origin::Synthetic]),
    }
}

pub async fn totals_are_exactly_what_the_records_add_up_to_after_any_writes(scene: Scene) {
    let store = &scene.store;
    let mut seeded = Seeded::new(7);
    let mut world = World::default();
    for number in 0..220 {
        step(store, &mut seeded, &mut world, number).await;
        if seeded.chance(1, 3) {
            let query = random_query(&mut seeded);
            assert_eq!(store.rollup_query(&query).await.unwrap(), world.totals(&query), "{number}: {query:?}");
            assert_eq!(store.rollup_distinct(&query).await.unwrap(), world.distinct(&query), "{number}: {query:?}");
        }
        if seeded.chance(1, 20) {
            let (year, origin) = (2016, seeded.one(&[Origin::All, Origin::Synthetic]));
            assert_eq!(store.rollup_regions(year, origin).await.unwrap(), world.regions(year, origin), "{number}");
            assert_eq!(store.rollup_verify().await.unwrap().1, [], "{number}");
        }
    }
    let query = RollupQuery { dimensions: DIMENSIONS.to_vec(), ..everything() };
    let expected = world.totals(&query);
    assert!(expected.len() > 30, "{}", expected.len());
    assert_eq!(store.rollup_query(&query).await.unwrap(), expected);
    let partitions = store.rollup_rebuild().await.unwrap();
    assert_eq!(partitions, 15);
    assert_eq!(store.rollup_verify().await.unwrap(), (15, vec![]));
    assert_eq!(store.rollup_query(&query).await.unwrap(), expected);
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn a_contract_stands_where_its_project_does(scene: Scene) {
    let store = &scene.store;
    let (projects, contracts) = (&projects(), &contracts());
    let project = |id: &str, year, region| {
        let draft = with(projects, empty(projects, id), "year", Value::Integer(year));
        with(projects, draft, "region", text(region))
    };
    let contract = |id: &str, of: &str| with(contracts, empty(contracts, id), "project", text(of));
    let places = async || {
        let raw = scene.raw().await;
        let sql = "SELECT id || ' ' || CAST(year AS text) || ' ' || region FROM contract ORDER BY id";
        let rows = raw.query_all_raw(Statement::from_string(raw.get_database_backend(), sql)).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index::<String>(0).unwrap()).collect::<Vec<_>>()
    };
    let write = async |writes| store.register_write(change(writes)).await.unwrap();
    write(vec![Write::Insert(projects, project("p", 2024, "330000")), Write::Insert(contracts, contract("a", "p"))])
        .await;
    store.register_load(contracts, vec![contract("b", "p"), contract("c", "q"), contract("d", "")]).await.unwrap();
    assert_eq!(places().await, ["a 2024 330000", "b 2024 330000", "c 0 ", "d 0 "]);
    store.register_load(projects, vec![project("q", 2023, "320000")]).await.unwrap();
    assert_eq!(places().await[2], "c 2023 320000", "the project came after its contract");
    write(vec![Write::Update(projects, project("p", 2025, "330000"), None)]).await;
    assert_eq!(places().await, ["a 2025 330000", "b 2025 330000", "c 2023 320000", "d 0 "]);
    store.register_load(projects, vec![project("q", 2023, "310000")]).await.unwrap();
    assert_eq!(places().await[2], "c 2023 310000");
    assert_eq!(store.contracts_follow().await.unwrap(), 0);

    // As a program of before leaves them, and as nobody does.
    scene.sql("UPDATE contract SET year = 0, region = '' WHERE id = 'a'").await.unwrap();
    assert_eq!(scene.faults().await, [""; 0]);
    scene.sql("UPDATE contract SET region = '440000' WHERE id = 'c'").await.unwrap();
    assert_eq!(scene.faults().await, ["contract c: its year and region are not its project's: 2023 440000"]);
    assert_eq!(store.contracts_follow().await.unwrap(), 2);
    assert_eq!(places().await, ["a 2025 330000", "b 2025 330000", "c 2023 310000", "d 0 "]);
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn nothing_adds_up_to_one_total_of_nothing(scene: Scene) {
    assert_eq!(scene.store.rollup_query(&everything()).await.unwrap(), [Totals::default()]);
    let by_year = RollupQuery { dimensions: vec![Dimension::Year], ..everything() };
    assert_eq!(scene.store.rollup_query(&by_year).await.unwrap(), []);
    assert_eq!(scene.store.rollup_distinct(&everything()).await.unwrap(), (0, 0));
    assert_eq!(scene.store.rollup_rebuild().await.unwrap(), 0);
    assert_eq!(scene.store.rollup_verify().await.unwrap(), (0, vec![]));
}

/// A world of some projects with contracts, loaded.
async fn loaded(store: &Store, count: usize) -> World {
    let mut seeded = Seeded::new(11);
    let mut world = World::default();
    for number in 0..count {
        world.projects.insert(format!("p{number}"), random_project(&mut seeded));
    }
    for number in 0..count {
        let contract = random_contract(&mut seeded, &world);
        world.contracts.insert(format!("c{number}"), contract);
    }
    let drafts = world.projects.iter().map(|(id, project)| project.draft(id)).collect();
    store.register_load(&projects(), drafts).await.unwrap();
    let drafts = world.contracts.iter().map(|(id, contract)| contract.draft(id)).collect();
    store.register_load(&contracts(), drafts).await.unwrap();
    world
}

pub async fn a_load_forgets_what_it_touches(scene: Scene) {
    let store = &scene.store;
    let mut world = loaded(store, 300).await;
    let query = RollupQuery { dimensions: vec![Dimension::Year, Dimension::Region], ..everything() };
    assert_eq!(store.rollup_query(&query).await.unwrap(), world.totals(&query));
    let moved: Vec<Draft> = world
        .projects
        .iter_mut()
        .take(9)
        .map(|(id, project)| {
            project.year = 2030;
            project.draft(id)
        })
        .collect();
    assert_eq!(store.register_load(&projects(), moved).await.unwrap().replaced, 9);
    assert_eq!(store.rollup_query(&query).await.unwrap(), world.totals(&query));
    let (id, contract) = world.contracts.iter_mut().next().unwrap();
    contract.parts = vec![("q1", "ENTERPRISE", 5, 1), ("q2", "ENTERPRISE", 7, 2)];
    let draft = contract.draft(id);
    assert_eq!(store.register_load(&contracts(), vec![draft]).await.unwrap().replaced, 1);
    assert_eq!(store.rollup_query(&query).await.unwrap(), world.totals(&query));
}

pub async fn a_falsified_total_is_found_and_a_rebuild_puts_it_right(scene: Scene) {
    let store = &scene.store;
    let world = loaded(store, 60).await;
    let total = store.rollup_query(&everything()).await.unwrap();
    assert_eq!(total, world.totals(&everything()));
    assert_eq!(store.rollup_verify().await.unwrap().1, []);
    let falsify = "UPDATE rollup SET budget_fen = budget_fen + 1 WHERE project_count > 0 AND year = 2016 \
                   AND region = '330182' AND level = (SELECT MIN(level) FROM rollup WHERE project_count > 0 \
                   AND year = 2016 AND region = '330182')";
    scene.sql(falsify).await.unwrap();
    scene.sql("DELETE FROM rollup WHERE year = 2015 AND region = '440000'").await.unwrap();
    scene.sql("DELETE FROM rollup_partition WHERE year = 2017 AND region = '330100'").await.unwrap();
    let (compared, faults) = store.rollup_verify().await.unwrap();
    let places: Vec<_> = faults.iter().map(|fault| (fault.year, fault.region.as_str())).collect();
    assert_eq!(compared, 14);
    assert_eq!(places, [(2015, "440000"), (2016, "330182"), (2017, "330100"), (2017, "330100")]);
    assert!(faults[0].detail.contains(" is kept as 0 and is "), "{}", faults[0].detail);
    assert!(faults[1].detail.starts_with("budget_fen of C"), "{}", faults[1].detail);
    assert_eq!(faults[2].detail, "it has projects and is not known");
    assert_eq!(store.rollup_rebuild().await.unwrap(), 15);
    assert_eq!(store.rollup_verify().await.unwrap(), (15, vec![]));
    assert_eq!(store.rollup_query(&everything()).await.unwrap(), total);
}

/// Two processes that ask at once fill the same partitions; meanwhile a third writes.
pub async fn many_that_fill_at_once_while_somebody_writes_never_see_a_stale_total(scene: Scene) {
    let world = loaded(&scene.store, 200).await;
    let before = world.totals(&everything())[0].project_count;
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let url = scene.url.clone();
            tokio::spawn(async move {
                let store = Store::open(&url).await.unwrap();
                let mut last = before;
                for _ in 0..12 {
                    let count = store.rollup_query(&everything()).await.unwrap()[0].project_count;
                    assert!(count >= last, "{count} after {last}");
                    last = count;
                }
            })
        })
        .collect();
    let mut seeded = Seeded::new(5);
    for number in 0..30 {
        let draft = random_project(&mut seeded).draft(&format!("late{number}"));
        scene.store.register_write(change(vec![Write::Insert(&projects(), draft)])).await.unwrap();
        let count = scene.store.rollup_query(&everything()).await.unwrap()[0].project_count;
        assert_eq!(count, before + 1 + number);
    }
    for reader in readers {
        reader.await.unwrap();
    }
    assert_eq!(scene.store.rollup_verify().await.unwrap().1, []);
}
