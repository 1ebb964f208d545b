/**
 * For drivers that connect by themselves: whichever way they take, no address is dialled that targets may not have. Absent
 * where a platform has no sockets.
 */
export interface Sockets {
  /** A socket as Node has it, not yet connected. `upgrades`: it is encrypted later, which Workers want to know before. */
  create(options?: { readonly upgrades?: boolean }): unknown;
  /** The address to dial for a host, for drivers that take no socket. Rejects where targets may not be there. */
  resolve(host: string): Promise<string>;
}
