// MutatingAdmissionPolicy as the API server runs it, with the CEL of @bufbuild/cel. A variable sees those before it; an
// error anywhere is a pod that is refused, so it is thrown.
import { celEnv, isCelError, parse, plan } from "@bufbuild/cel";
import { strings } from "@bufbuild/cel/ext";
import { create, createFileRegistry, toJson } from "@bufbuild/protobuf";
import { FieldDescriptorProto_Label, FieldDescriptorProto_Type, FileDescriptorProtoSchema,
         ValueSchema, file_google_protobuf_struct } from "@bufbuild/protobuf/wkt";

const field = (name, number, type, typeName) =>
    ({ name, number, type, typeName, jsonName: name, label: FieldDescriptorProto_Label.OPTIONAL });

// Kubernetes adds this type; its value may be anything that JSON can say.
const jsonPatch = create(FileDescriptorProtoSchema, {
  name: "jsonpatch.proto", syntax: "proto3", dependency: ["google/protobuf/struct.proto"],
  messageType: [{
    name: "JSONPatch",
    field: [field("op", 1, FieldDescriptorProto_Type.STRING), field("path", 2, FieldDescriptorProto_Type.STRING),
            field("value", 3, FieldDescriptorProto_Type.MESSAGE, ".google.protobuf.Value")],
  }],
});
const registry = createFileRegistry(jsonPatch, (name) => name === "google/protobuf/struct.proto" ? file_google_protobuf_struct : undefined);
const env = celEnv({ registry, funcs: strings });

// Whole numbers are ints to CEL.
const toCel = (json) =>
    typeof json === "number" ? BigInt(json)
    : Array.isArray(json) ? json.map(toCel)
    : json !== null && typeof json === "object" ? new Map(Object.entries(json).map(([key, value]) => [key, toCel(value)]))
    : json;

const plans = new Map();
function evaluate(expression, bindings) {
  if (!plans.has(expression)) plans.set(expression, plan(env, parse(expression)));
  const value = plans.get(expression)(bindings);
  if (isCelError(value)) throw new Error(`${value.message}\n  in ${expression}`);
  return value;
}

const selects = ({ operator, values }, name) => values.includes(name) === (operator === "In");

/** The policies among `objects` that are asked about pods of this namespace. */
export function policiesOf(objects, namespace) {
  const bound = new Set(objects.filter((o) => o.kind === "MutatingAdmissionPolicyBinding").map((o) => o.spec.policyName));
  return objects.filter((o) => o.kind === "MutatingAdmissionPolicy" && bound.has(o.metadata.name) &&
      (o.spec.matchConstraints.namespaceSelector?.matchExpressions ?? []).every((each) =>
          selects(each, namespace.metadata.labels[each.key])));
}

/** The pod as it is stored. */
export function admit(policy, pod, namespace) {
  const object = toCel(pod);
  const bindings = { object, namespaceObject: toCel(namespace), request: new Map([["namespace", pod.metadata.namespace]]) };
  if (!policy.spec.matchConditions.every(({ expression }) => evaluate(expression, bindings) === true)) return pod;
  const variables = new Map();
  for (const { name, expression } of policy.spec.variables)
    variables.set(name, evaluate(expression, { ...bindings, variables }));
  const patched = structuredClone(pod);
  for (const { patchType, jsonPatch: { expression } } of policy.spec.mutations) {
    if (patchType !== "JSONPatch") throw new Error(patchType);
    for (const { message: { op, path, value } } of evaluate(expression, { ...bindings, variables })) apply(patched, op, path, toJson(ValueSchema, value));
  }
  return patched;
}

// RFC 6902, as far as it is used.
function apply(object, op, path, value) {
  const keys = path.split("/").slice(1).map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  const last = keys.pop();
  const parent = keys.reduce((at, key) => at?.[key], object);
  if (op !== "add" || parent === undefined) throw new Error(`${op} ${path} does not apply`);
  parent[last] = value;
}
