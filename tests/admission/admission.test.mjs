// What the emitted policies make of pods against what Membership says of them: node admission.test.mjs CASES.
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { loadAll } from "js-yaml";
import * as cel from "./cel.mjs";
import * as kyverno from "./kyverno.mjs";

const forms = { map: cel, kyverno };
const cases = readFileSync(process.argv[2], "utf8").trim().split("\n").map((line) => JSON.parse(line));
const failures = [];
const count = { triples: 0, pods: 0, changed: 0, bound: 0, foreign: 0 };

const textOf = (pod, key) => pod.metadata.annotations?.[key] ?? null;
const namesOf = (text) => (text ?? "").split(",").map((name) => name.trim()).filter((name) => name !== "");
const without = (pod, key) => {
  const copy = structuredClone(pod);
  delete copy.metadata.annotations?.[key];
  if (copy.metadata.annotations && Object.keys(copy.metadata.annotations).length === 0) delete copy.metadata.annotations;
  return copy;
};

function check(at, form, made, pod, namespaces, objects) {
  const namespace = namespaces[pod.object.metadata.namespace];
  const expected = pod[form];
  const fail = (what, actual) => {
    const differing = [...new Set([...namesOf(expected), ...namesOf(actual)])].filter((name) => namesOf(expected).includes(name) !== namesOf(actual).includes(name));
    failures.push(`case ${at}, ${form}: ${what}\n  selectors ${differing.map((name) => `${name} ${made.groups[name] ?? ""}`).join("\n            ")}` +
                  `\n  pod       ${JSON.stringify(pod.object)}\n  namespace ${JSON.stringify(namespace)}` +
                  `\n  expected  ${expected}\n  actual    ${actual}`);
  };
  const policies = forms[form].policiesOf(objects, namespace);
  if (policies.length !== 1) return fail(`${policies.length} policies are asked`, null);
  try {
    const once = forms[form].admit(policies[0], pod.object, namespace);
    if (textOf(once, pod.key) !== expected) fail("another annotation", textOf(once, pod.key));
    if (!isDeepStrictEqual(without(once, pod.key), without(pod.object, pod.key))) fail("something else is changed", JSON.stringify(once));
    const twice = forms[form].admit(policies[0], once, namespace);
    if (!isDeepStrictEqual(twice, once)) fail("admitted again it changes again", textOf(twice, pod.key));
    return once;
  } catch (error) {
    fail("an error, which refuses the pod", String(error));
  }
}

cases.forEach((made, at) => {
  for (const form of Object.keys(forms)) {
    const objects = made[form] === "" ? [] : loadAll(made[form]);
    if (objects.length === 0) continue;
    for (const pod of made.pods) {
      if (pod[form] === undefined) continue;
      const once = check(at, form, made, pod, made.namespaces, objects);
      if (form !== "map" || !once) continue;
      ++count.pods;
      count.triples += made.selectors;
      if (textOf(once, pod.key) !== textOf(pod.object, pod.key)) ++count.changed;
      if (namesOf(textOf(once, pod.key)).some((name) => name in made.groups)) ++count.bound;
      if (namesOf(textOf(once, pod.key)).some((name) => name === "theirs")) ++count.foreign;
    }
  }
});

for (const failure of failures.slice(0, 5)) console.error(failure);
console.log(`${count.triples} triples of selector, pod and namespace: ${count.pods} pods in ${cases.length} cases, ${count.bound} bound, ` +
            `${count.changed} changed, ${count.foreign} with groups of others; ${failures.length} failures`);
// A generator that makes nothing of interest would prove nothing.
const enough = count.triples >= 5000 && count.bound > count.pods / 4 && count.foreign > 50 && count.changed < count.pods;
process.exit(failures.length === 0 && enough ? 0 : 1);
