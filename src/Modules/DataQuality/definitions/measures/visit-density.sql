-- id: detector-visit-density
-- title: 一日随访过密
-- english: Impossible visit density
-- norm: 基本公共卫生服务项目绩效评价：真实性核查（省级常用口径，可调整）
-- edition: "2026"
-- kind: detector
-- direction: lower
-- denominator: 近 12 个月有就诊或随访的居民
-- numerator: 所在机构当日完成 60 人次以上，其就诊在其中
-- reasons:
--   found: 机构当日 60 人次以上
--   clear: 没有发现
WITH day AS (
    SELECT organisation, start_on, count(DISTINCT person) AS people FROM main.encounter
    WHERE start_on BETWEEN as_of() - 365 AND as_of() AND organisation NOT IN (SELECT id FROM main.organisation WHERE kind IN ('hospital', 'township')) GROUP BY ALL
),
visited AS (
    SELECT e.person, max(d.people) AS people, arg_max(e.id, d.people) AS id FROM encounter e JOIN day d ON d.organisation = e.organisation AND d.start_on = e.start_on
    GROUP BY e.person
)
SELECT p.person, p.organisation, true AS denominator, false AS excluded, v.people >= 60 AS numerator,
    CASE WHEN v.people >= 60 THEN 'found' ELSE 'clear' END AS reason, 'Encounter/' || v.id AS evidence
FROM visited v JOIN patient p ON p.person = v.person
