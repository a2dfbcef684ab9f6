-- id: hypertension-control
-- title: 管理人群血压控制率
-- english: Blood pressure control among those managed
-- norm: 国家基本公共卫生服务规范（第三版）高血压患者健康管理 工作指标
-- headline: 2
-- edition: "2017"
-- target: 0.60
-- denominator: 年内已管理的患者（建档管理且未死亡、未迁出）
-- exclusion: 死亡或已结案者
-- numerator: 年内最近一次随访血压达标的患者；失访即未达标
-- reasons:
--   controlled: 最近一次随访血压达标
--   not-controlled: 最近一次随访血压未达标
--   lost: 本年没有随访血压
WITH managed AS (
    SELECT e.person, any_value(e.organisation) AS organisation
    FROM episode e
    WHERE e.programme = 'hypertension' AND e.start_on <= as_of() AND (e.end_on IS NULL OR e.end_on >= year_start())
    GROUP BY e.person
),
-- 规范只问血压是否达标：有不良反应或并发症而血压达标的，分类不是“控制满意”，仍算达标。
latest AS (
    SELECT a.person, last(a.reached ORDER BY a.date, a.id) AS reached, last(a.id ORDER BY a.date, a.id) AS id
    FROM (
        SELECT *, coalesce(satisfied, CASE class WHEN '1' THEN true WHEN '2' THEN false END) AS reached
        FROM assessment WHERE programme = 'hypertension' AND date BETWEEN year_start() AND as_of()
    ) a
    WHERE a.reached IS NOT NULL
    GROUP BY a.person
)
SELECT m.person,
    coalesce(p.organisation, m.organisation) AS organisation,
    true AS denominator,
    coalesce(p.deceased AND coalesce(p.deceased_on, as_of()) <= as_of(), false) AS excluded,
    coalesce(l.reached, false) AS numerator,
    CASE l.reached WHEN true THEN 'controlled' WHEN false THEN 'not-controlled' ELSE 'lost' END AS reason,
    'Observation/' || l.id AS evidence
FROM managed m
JOIN patient p ON p.person = m.person
LEFT JOIN latest l ON l.person = m.person
