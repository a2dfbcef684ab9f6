namespace Tongxin.Kernel.Programmes;

/// <summary>Where a day stands to a task's window. Computed by the server from dates, never stored.</summary>
public enum WindowState { Upcoming, Due, Overdue, Expired }

/// <summary>When a service is to be given: from <paramref name="Start"/> to <paramref name="End"/> is on time, until <paramref name="Expires"/> it is late, then it is
/// lost. All days inclusive.</summary>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
public readonly record struct TaskWindow(DateOnly Start, DateOnly Due, DateOnly End, DateOnly Expires)
{
    public WindowState On(DateOnly day) =>
        day < Start ? WindowState.Upcoming : day <= End ? WindowState.Due : day <= Expires ? WindowState.Overdue : WindowState.Expired;
}
