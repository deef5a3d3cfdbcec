export async function next() {
  return [];
}
