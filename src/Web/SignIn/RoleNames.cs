using Tongxin.Kernel.Access;

namespace Tongxin.Web.SignIn;

/// <summary>What the roles are called on a page, 中文 first.</summary>
public static class RoleNames
{
    public static string Of(Role role) => role switch
    {
        Role.VillageDoctor => "乡村医生 Village doctor",
        Role.TownshipClinician => "乡镇临床医师 Township clinician",
        Role.PublicHealthStaff => "公卫人员 Public health staff",
        Role.Specialist => "专科医师 Specialist",
        Role.HospitalManager => "医院管理者 Hospital manager",
        Role.TeamLeader => "家庭医生团队长 Team leader",
        Role.CountyCommission => "县卫生健康局 County commission",
        Role.CityCommission => "市卫生健康委 City commission",
        Role.DiseaseControl => "疾病预防控制 Disease control",
        Role.Auditor => "审计员 Auditor",
        Role.SecurityOfficer => "安全员 Security officer",
        Role.Administrator => "系统管理员 Administrator",
        Role.Resident => "居民 Resident",
        Role.Proxy => "代办人 Proxy",
        Role.Integration => "外部系统 Integration",
        _ => role.ToString(),
    };
}
