//! The import of a table of regions: read whole, compared with the one in use, put in its place.

use procurement::region::{Region, RegisterOfRegions, TableFault};
use proto::procurement::v1;
use tonic::Status;

use super::convert;
use crate::{
    errors,
    registers::{Registrar, WriteOptions, regions},
};

/// Files of one table.
const FILES_MAX: usize = 16;
/// Bytes of a table.
const BYTES_MAX: usize = 3 * 1024 * 1024;
/// Regions of one list of the answer.
const LISTED_MAX: usize = 1_000;

pub(super) async fn import(
    registrar: &Registrar,
    request: v1::ImportRegionTableRequest,
    options: WriteOptions,
) -> Result<v1::ImportRegionTableResponse, Status> {
    let files = request.files;
    let bytes: usize = files.iter().map(String::len).sum();
    if !(1..=FILES_MAX).contains(&files.len()) || bytes > BYTES_MAX {
        let en = format!("1 to {FILES_MAX} files of {BYTES_MAX} bytes together are taken");
        return Err(errors::field("files", en, format!("应为 1 至 {FILES_MAX} 个文件,合计不超过 {BYTES_MAX} 字节")));
    }
    if let Some(entries) = registrar.replayed(&options).await? {
        let entry = entries.first();
        let entry = entry.ok_or_else(|| errors::of_kind(stdx::ErrorKind::Internal, &"a write without an entry"))?;
        return Ok(v1::ImportRegionTableResponse { version: entry.row_version, ..regions::answer(entry) });
    }
    // The version that the comparison below is about: an import in between is refused.
    registrar.refresh_regions().await?;
    let (in_use, version) = registrar.regions_with_version();
    let read = tokio::task::spawn_blocking(move || {
        let texts: Vec<&str> = files.iter().map(String::as_str).collect();
        let read = RegisterOfRegions::read(&texts);
        (files, read)
    });
    let (files, read) = read.await.map_err(|error| errors::of_kind(stdx::ErrorKind::Internal, &error))?;
    let register = match read {
        Ok(register) => register,
        Err(faults) => {
            let faults = faults.iter().map(fault).collect();
            return Ok(v1::ImportRegionTableResponse { faults, version, ..v1::ImportRegionTableResponse::default() });
        }
    };
    let mut answer = compared(&in_use, &register);
    answer.version = version;
    if answer.removed_count > 0 && !request.allows_removal {
        answer.faults = answer.removed.iter().map(removed).collect();
        return Ok(answer);
    }
    let is_rehearsal = options.validate_only;
    answer.is_imported = !is_rehearsal;
    let write = regions::write(files, &answer, version);
    let entries = registrar.commit(vec![write], Vec::new(), options).await?;
    if !is_rehearsal {
        answer.version = entries.first().map_or(version, |entry| entry.row_version);
        registrar.refresh_regions().await?;
    }
    Ok(answer)
}

fn fault(fault: &TableFault) -> v1::RegionTableFault {
    let number = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    v1::RegionTableFault {
        file: number(fault.file),
        line: number(fault.line),
        text: fault.text.clone(),
        sentence_zh: fault.fault.chinese(),
        sentence_en: fault.fault.to_string(),
    }
}

fn removed(region: &v1::Region) -> v1::RegionTableFault {
    let from = &region.valid_from_day;
    v1::RegionTableFault {
        text: format!("{} {} {from}", region.code, region.title),
        sentence_zh: "现有区划表中的这一区划在新表中没有".to_owned(),
        sentence_en: "the table in use has this period and the new one has not".to_owned(),
        ..v1::RegionTableFault::default()
    }
}

fn compared(in_use: &RegisterOfRegions, table: &RegisterOfRegions) -> v1::ImportRegionTableResponse {
    let added: Vec<&Region> = table.iter().filter(|region| in_use.by_id(&region.id()).is_none()).collect();
    let removed: Vec<&Region> = in_use.iter().filter(|region| table.by_id(&region.id()).is_none()).collect();
    let lasted = |region: &&Region| in_use.by_id(&region.id()).is_some_and(|known| known.valid_to.is_none());
    let closed: Vec<&Region> = table.iter().filter(|region| region.valid_to.is_some()).filter(lasted).collect();
    let count = |regions: usize| i32::try_from(regions).unwrap_or(i32::MAX);
    let told = |register: &RegisterOfRegions, regions: &[&Region]| {
        let listed = regions.iter().take(LISTED_MAX);
        listed.map(|region| convert::region_of_its_time(register, region)).collect()
    };
    v1::ImportRegionTableResponse {
        regions_count: count(table.iter().count()),
        added: told(table, &added),
        closed: told(table, &closed),
        removed: told(in_use, &removed),
        added_count: count(added.len()),
        closed_count: count(closed.len()),
        removed_count: count(removed.len()),
        ..v1::ImportRegionTableResponse::default()
    }
}
