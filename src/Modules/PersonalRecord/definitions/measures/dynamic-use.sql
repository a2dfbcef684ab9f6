-- id: record-use
-- title: 健康档案使用率（动态使用）
-- english: Health records in use
-- norm: 国家基本公共卫生服务规范（第三版）居民健康档案管理 工作指标
-- edition: "2017"
-- target: 0.50
-- denominator: 平台中已建档的居民
-- exclusion: 死亡者
-- numerator: 年内档案有医疗就诊记录，或有符合各专项规范要求的服务记录的居民
-- reasons:
--   visit: 年内有随访、体检等服务记录
--   encounter: 年内有就诊记录
--   idle: 年内没有任何动态记录
WITH served AS (
    SELECT v.person, arg_max(v.id, coalesce(v.date, v.authored_on)) AS id FROM visit v
    WHERE coalesce(v.date, v.authored_on) BETWEEN year_start() AND as_of() GROUP BY v.person
),
seen AS (
    SELECT e.person, arg_max(e.id, e.start_on) AS id FROM encounter e
    WHERE e.start_on BETWEEN year_start() AND as_of() AND e.status NOT IN ('cancelled', 'entered-in-error') GROUP BY e.person
)
SELECT p.person, p.organisation, p.active AND length(p.record_number) = 17 AS denominator, coalesce(p.deceased AND coalesce(p.deceased_on, as_of()) <= as_of(), false) AS excluded,
    s.id IS NOT NULL OR n.id IS NOT NULL AS numerator,
    CASE WHEN s.id IS NOT NULL THEN 'visit' WHEN n.id IS NOT NULL THEN 'encounter' ELSE 'idle' END AS reason,
    coalesce('QuestionnaireResponse/' || s.id, 'Encounter/' || n.id) AS evidence
FROM patient p LEFT JOIN served s ON s.person = p.person LEFT JOIN seen n ON n.person = p.person
