using Tongxin.Web;

namespace Tongxin.Modules.Schistosomiasis;

/// <summary>血吸虫病检查: yearly screening of people who touch infested water, and their treatment. Definitions only; snail control is not in it.</summary>
public sealed class SchistosomiasisModule : HealthSystem
{
    public override string Title => "血吸虫病检查";

    public override string TitleInEnglish => "Schistosomiasis";
}
