/** How a bus is called in every table. */
export function busOf({ tenant, bus }: { readonly tenant: string; readonly bus: string }): string {
  return `${tenant}/${bus}`;
}
