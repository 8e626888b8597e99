/** A TCP proxy on a loopback port that can cut the network: what goes through it is lost without a word, as in a partition. */

/** A proxy. */
export interface Proxy {
  readonly port: number;
  /** From now on nothing passes; connections of before never carry anything again, as through a firewall that forgot them. */
  readonly cut: () => void;
  /** New connections pass again. */
  readonly heal: () => void;
  readonly close: () => void;
}

/** Starts a proxy to a port of this machine. */
export const startProxy = (to: number): Proxy => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.TcpConn>();
  let [isCut, age] = [false, 0];
  const carry = async (from: Deno.TcpConn, into: Deno.TcpConn, born: number) => {
    const bytes = new Uint8Array(1 << 16);
    try {
      for (let n = await from.read(bytes); n !== null; n = await from.read(bytes)) {
        if (isCut || born !== age) continue;
        for (let at = 0; at < n;) at += await into.write(bytes.subarray(at, n));
      }
      if (!isCut && born === age) into.close();
    } catch {
      // The other side has gone.
    }
  };
  (async () => {
    for await (const from of listener) {
      open.add(from);
      // A cut network takes no connection: the client's waits until it gives up.
      if (isCut) continue;
      const into = await Deno.connect({ hostname: "127.0.0.1", port: to });
      open.add(into);
      carry(from, into, age);
      carry(into, from, age);
    }
  })();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    cut: () => {
      isCut = true;
      age++;
    },
    heal: () => void (isCut = false),
    close: () => {
      listener.close();
      for (const one of open) {
        try {
          one.close();
        } catch {
          // Closed before.
        }
      }
    },
  };
};
