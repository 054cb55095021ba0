//! Generated directories: the same people and groups for the same seed, as varied as real ones are.

use serde_json::{Map, Value, json};

use crate::idp::{Directory, Group, Person};

/// How much is generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Wanted {
    /// People, with keys from `p00001`.
    pub(crate) people: usize,
    /// Groups, with keys from `g00001`.
    pub(crate) groups: usize,
    /// Members of each group, as far as there are people.
    pub(crate) members: usize,
    /// Everybody but the first has a manager among those before.
    pub(crate) managers: bool,
    /// The same seed gives the same directory.
    pub(crate) seed: u64,
}

// Apostrophes, hyphens, spaces, several scripts, combining letters and lengths at the ends of what databases take: what
// breaks filters, collations and columns elsewhere.
const GIVEN: [&str; 28] = [
    "Ada",
    "Bob",
    "Chloé",
    "Dagný",
    "Émile",
    "Fatıma",
    "Gülşen",
    "Hélène",
    "Iñaki",
    "Jürgen",
    "Kōji",
    "Léa",
    "Małgorzata",
    "Noor",
    "Ólafur",
    "Priya",
    "Quentin",
    "Ruairí",
    "Søren",
    "Thị Mai",
    "Ursula",
    "Võ",
    "Wei",
    "Ximena",
    "Yağmur",
    "Zoë",
    "Мария",
    "太郎",
];
const FAMILY: [&str; 28] = [
    "O'Brien",
    "Smith-Jones",
    "de la Cruz",
    "Müller",
    "Nguyễn",
    "Åkesson",
    "D'Angelo",
    "Østergård",
    "van der Berg",
    "Kowalczyk",
    "García Márquez",
    "Şahin",
    "Þórsdóttir",
    "Łukasiewicz",
    "Ng",
    "Li",
    "Al-Farouq",
    "Ó Súilleabháin",
    "Fernández",
    "Dvořák",
    "Иванова",
    "山田",
    "Papadópoulos",
    "Nakamura",
    "Ferreira",
    "Okonkwo",
    "Lindqvist",
    "Wolfeschlegelsteinhausenbergerdorff",
];
const TITLES: [&str; 6] = [
    "Engineer",
    "Account Executive",
    "Payroll & Benefits Specialist",
    "Support Lead (EMEA)",
    "Président-directeur général",
    "Office Manager",
];
const DEPARTMENTS: [&str; 6] = [
    "Engineering",
    "Sales",
    "Research & Development",
    "Finance",
    "Support",
    "Opérations",
];
const PLACES: [(&str, &str, &str); 5] = [
    ("Riverton", "Northshire", "GB"),
    ("Zürich", "ZH", "CH"),
    ("São Paulo", "SP", "BR"),
    ("Łódź", "Łódzkie", "PL"),
    ("大阪", "大阪府", "JP"),
];

/// Adds generated people and groups to a directory; what is there keeps its keys.
pub(crate) fn into(directory: &mut Directory, wanted: Wanted) {
    let mut chance = Chance(wanted.seed);
    for number in 1..=wanted.people {
        let manager =
            (wanted.managers && number > 1).then(|| key('p', 1 + chance.below(number - 1)));
        let person = Person {
            attributes: attributes(number, wanted.seed, &mut chance),
            assigned: true,
            manager,
            ..Person::default()
        };
        directory.people.entry(key('p', number)).or_insert(person);
    }
    for number in 1..=wanted.groups {
        let mut group = Group {
            attributes: Map::from_iter([
                (
                    "displayName".to_owned(),
                    Value::from(format!("{} {number:05}", chance.one(&DEPARTMENTS))),
                ),
                (
                    "objectId".to_owned(),
                    Value::from(uuid(2, number, wanted.seed)),
                ),
            ]),
            pushed: true,
            ..Group::default()
        };
        // A step that has no factor in common with the number of people meets each of them once.
        let first = chance.below(wanted.people.max(1));
        let step = coprime(1 + chance.below(wanted.people.max(1)), wanted.people);
        for member in 0..wanted.members.min(wanted.people) {
            let place = (first + member * step) % wanted.people;
            group.members.insert(key('p', 1 + place));
        }
        directory.groups.entry(key('g', number)).or_insert(group);
    }
}

fn attributes(number: usize, seed: u64, chance: &mut Chance) -> Map<String, Value> {
    let (given, family) = (chance.one(&GIVEN), chance.one(&FAMILY));
    let (city, region, country) = PLACES[chance.below(PLACES.len())];
    let user_name = format!("p{number:05}@example.test");
    let all = json!({
        "userName": user_name,
        "externalId": format!("00u{number:05}{seed:04x}"),
        "objectId": uuid(1, number, seed),
        "mailNickname": format!("p{number:05}"),
        "displayName": format!("{given} {family}"),
        "name": { "givenName": given, "familyName": family, "formatted": format!("{given} {family}") },
        "email": user_name,
        "nickName": given,
        "title": chance.one(&TITLES),
        "department": chance.one(&DEPARTMENTS),
        "organization": "Example Works",
        "costCenter": format!("CC-{}", chance.below(40)),
        "employeeNumber": format!("{number}"),
        "phone": format!("+1 555 01{:02} {number:05}", chance.below(100)),
        "mobile": format!("+1 555 02{:02} {number:05}", chance.below(100)),
        "preferredLanguage": "en-GB",
        "locale": "en-GB",
        "timezone": "Europe/London",
        "userType": "Employee",
        "address": {
            "street": format!("{} Market Street", 1 + chance.below(300)),
            "city": city,
            "region": region,
            "postalCode": format!("{number:05}"),
            "country": country,
        },
    });
    // What everybody needs to be matched and told apart; all else may be missing, as it is in real directories.
    const ALWAYS: [&str; 7] = [
        "userName",
        "externalId",
        "objectId",
        "mailNickname",
        "displayName",
        "name",
        "email",
    ];
    let Value::Object(mut attributes) = all else {
        return Map::new();
    };
    attributes.retain(|name, _| ALWAYS.contains(&name.as_str()) || chance.below(8) > 0);
    attributes
}

fn key(kind: char, number: usize) -> String {
    format!("{kind}{number:05}")
}

fn uuid(kind: u8, number: usize, seed: u64) -> String {
    format!(
        "{kind:08x}-0000-4000-8000-{:04x}{number:08x}",
        seed & 0xffff
    )
}

/// The next number from `from` on that has no factor in common with `of`.
fn coprime(from: usize, of: usize) -> usize {
    let common = |mut left: usize, mut right: usize| {
        while right > 0 {
            (left, right) = (right, left % right);
        }
        left
    };
    (from..).find(|step| common(*step, of) <= 1).unwrap_or(1)
}

/// SplitMix64 (Steele, Lea and Flood 2014): small, and good enough to vary names.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn one(&mut self, of: &[&'static str]) -> &'static str {
        of[self.below(of.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::{Wanted, into};
    use crate::idp::Directory;

    #[test]
    fn the_same_seed_gives_the_same_directory() {
        let of = |seed| {
            let mut directory = Directory::default();
            let wanted = Wanted {
                people: 120,
                groups: 7,
                members: 50,
                managers: true,
                seed,
            };
            into(&mut directory, wanted);
            directory
        };
        assert_eq!(of(7), of(7));
        assert_ne!(of(7), of(8));
        let directory = of(7);
        assert!(
            directory
                .groups
                .values()
                .all(|group| group.members.len() == 50)
        );
        let managed = directory
            .people
            .values()
            .filter(|person| person.manager.is_some());
        assert_eq!(managed.count(), 119);
    }

    #[test]
    fn more_members_than_people_are_all_people() {
        let mut directory = Directory::default();
        let wanted = Wanted {
            people: 6,
            groups: 1,
            members: 50,
            ..Wanted::default()
        };
        into(&mut directory, wanted);
        assert_eq!(directory.groups["g00001"].members.len(), 6);
    }
}
