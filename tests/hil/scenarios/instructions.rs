pub fn run(_: &mut crate::Table) {}
