// Reads records with other people's code: signatures by npm `jose`, disclosures by npm `@sd-jwt/core`.
//
//   node check.mjs CASES.json     [{jws, jwk, disclosures}] → [{jose, claims, kid}] on standard output
//
// jose: the payload it verified, or null; claims: what @sd-jwt/core makes of record and disclosures, or null;
// kid: the key's thumbprint as jose computes it. Nothing of WorkDiary's own is used here.
import { createHash, createPublicKey, verify, webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";

// Debian 12's Node 18 has the API and does not put it where jose looks.
globalThis.crypto ??= webcrypto;

const { calculateJwkThumbprint, compactVerify, importJWK } = await import("jose");
const { SDJwtInstance } = await import("@sd-jwt/core");

const algOf = (jwk) => (jwk.kty === "EC" ? "ES256" : "Ed25519");

async function byJose({ jws, jwk }) {
  const alg = algOf(jwk);
  const key = await importJWK(jwk, alg);
  const { payload } = await compactVerify(jws, key, { algorithms: [alg] });
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
}

async function bySdJwt({ jws, jwk, disclosures }) {
  const key = createPublicKey({ key: jwk, format: "jwk" });
  const instance = new SDJwtInstance({
    hasher: (data) => createHash("sha256").update(data).digest(),
    hashAlg: "sha-256",
    verifier: (data, signature) =>
      jwk.kty === "EC"
        ? verify("sha256", data, { key, dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "base64url"))
        : verify(null, Buffer.from(data), key, Buffer.from(signature, "base64url")),
  });
  const { payload } = await instance.verify([jws, ...disclosures, ""].join("~"));
  return payload;
}

const orNull = (promise) => promise.catch(() => null);
const cases = JSON.parse(readFileSync(process.argv[2], "utf8"));
const verdicts = [];
for (const one of cases) {
  verdicts.push({
    jose: await orNull(byJose(one)),
    claims: await orNull(bySdJwt(one)),
    kid: await orNull(calculateJwkThumbprint(one.jwk)),
  });
}
process.stdout.write(JSON.stringify(verdicts));
