// The fields of services, endpoints and endpoint slices.
import { type FieldTable, honoured, refused, statusOnly } from './support.ts';

const ports = 'proxy/view/service-ports.ts';
const slices = 'proxy/view/slice-endpoints.ts';
const allocate = 'apiserver/resources/services/allocate.ts';
const mirroring = 'controllers/endpointslicemirroring.ts';
const object = {
  ...honoured('apiserver/routes/decode.ts', 'kind apiVersion'),
  ...honoured('apiserver/admission/write.ts', 'metadata'),
};

export const serviceFields: FieldTable = {
  'core.v1.Service': {
    ...object,
    ...honoured('apiserver/resources/services/validate.ts', 'spec'),
    ...honoured(ports, 'status'),
  },
  'core.v1.ServiceSpec': {
    ...honoured(ports, 'ports clusterIP clusterIPs type externalIPs loadBalancerSourceRanges sessionAffinity'),
    ...honoured(ports, 'externalTrafficPolicy internalTrafficPolicy healthCheckNodePort sessionAffinityConfig'),
    ...honoured('controllers/service-pods.ts', 'selector'),
    ...honoured('controllers/endpointslice.ts', 'publishNotReadyAddresses'),
    ...refused(
      'loadBalancerIP',
      'the load balancer of a lab chooses the address (the field is deprecated in Kubernetes)',
    ),
    ...honoured('dns/zone.ts', 'externalName'),
    ...honoured('apiserver/resources/services/validate-addresses.ts', 'ipFamilies ipFamilyPolicy'),
    ...honoured(allocate, 'allocateLoadBalancerNodePorts'),
    ...honoured('apiserver/resources/services/services.ts', 'loadBalancerClass'),
    ...honoured('controllers/topology-hints.ts', 'trafficDistribution'),
  },
  'core.v1.ServicePort': {
    ...honoured(ports, 'name protocol port nodePort'),
    ...honoured('controllers/service-pods.ts', 'targetPort appProtocol'),
  },
  'core.v1.SessionAffinityConfig': honoured(ports, 'clientIP'),
  'core.v1.ClientIPConfig': honoured(ports, 'timeoutSeconds'),
  'core.v1.ServiceStatus': { ...honoured(ports, 'loadBalancer'), ...statusOnly('conditions') },
  'core.v1.LoadBalancerStatus': honoured(ports, 'ingress'),
  'core.v1.LoadBalancerIngress': { ...honoured(ports, 'ip ipMode'), ...statusOnly('hostname ports') },
  'core.v1.Endpoints': { ...object, ...honoured(mirroring, 'subsets') },
  'core.v1.EndpointSubset': honoured(mirroring, 'addresses notReadyAddresses ports'),
  'core.v1.EndpointAddress': honoured(mirroring, 'ip hostname nodeName targetRef'),
  'core.v1.EndpointPort': honoured(mirroring, 'name port protocol appProtocol'),
  'discovery.v1.EndpointSlice': { ...object, ...honoured(slices, 'addressType endpoints ports') },
  'discovery.v1.Endpoint': {
    ...honoured(slices, 'addresses conditions nodeName hints'),
    ...honoured('dns/zone.ts', 'hostname'),
    ...honoured('apiserver/resources/endpointslices.ts', 'deprecatedTopology'),
    ...statusOnly('zone targetRef'),
  },
  'discovery.v1.EndpointConditions': honoured(slices, 'ready serving terminating'),
  'discovery.v1.EndpointHints': honoured(slices, 'forZones forNodes'),
  'discovery.v1.ForNode': honoured(slices, 'name'),
  'discovery.v1.ForZone': honoured(slices, 'name'),
  'discovery.v1.EndpointPort': {
    ...honoured('proxy/view/slice-endpoints.ts', 'name protocol port'),
    ...statusOnly('appProtocol'),
  },
};
