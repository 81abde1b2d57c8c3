using Torchyard.Containers;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.State;

namespace Torchyard.CommandLine;

/// <summary>How container verbs reach the containers of an invocation.</summary>
internal static class ContainerServices
{
    /// <summary>The containers of the store.</summary>
    public static ContainerStore Containers(this Invocation invocation) => new(invocation.Store, invocation.Caller.Clock);

    /// <summary>A session with the container that a name or id means.</summary>
    public static async Task<ContainerSession> SessionAsync(this Invocation invocation, string nameOrId, CancellationToken cancellation)
    {
        var store = invocation.Containers();
        var found = await store.FindAsync(nameOrId, cancellation);
        return new ContainerSession(store, found.Record, SelfProgram.Current);
    }

    /// <summary>A session with a container that was listed.</summary>
    public static ContainerSession Session(this Invocation invocation, ContainerInfo container) =>
        new(invocation.Containers(), container.Record, SelfProgram.Current);

    /// <summary>How long ago, as docker says it: <c>3 minutes</c>.</summary>
    public static string Age(TimeSpan span) => span switch
    {
        { TotalSeconds: < 1 } => "less than a second",
        { TotalSeconds: < 90 } => Count(span.TotalSeconds, "second"),
        { TotalMinutes: < 90 } => Count(span.TotalMinutes, "minute"),
        { TotalHours: < 48 } => Count(span.TotalHours, "hour"),
        _ => Count(span.TotalDays, "day"),
    };

    private static string Count(double amount, string unit) => FormattableString.Invariant($"{(long)amount} {unit}{((long)amount == 1 ? "" : "s")}");
}
