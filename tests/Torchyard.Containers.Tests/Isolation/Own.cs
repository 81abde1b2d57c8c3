using Torchyard.Containers.Requests;
using Torchyard.Containers.Runtimes;

namespace Torchyard.Containers.Tests.Isolation;

/// <summary>What the tests of isolation share.</summary>
internal static class Own
{
    /// <summary>A store of root's with a runtime that is there.</summary>
    public static ContainerFixture Fixture(OciRuntimeKind? kind)
    {
        Assert.SkipUnless(BusyboxRoot.IsRoot, "needs root");
        Assert.SkipWhen(
            kind is { } wanted
                && !new[] { "/usr/bin", "/usr/sbin" }.Any(d => File.Exists(Path.Combine(d, wanted.ToString().ToLowerInvariant()))),
            $"needs {kind}"
        );
        return ContainerFixture.Create(kind);
    }

    /// <summary>A bind mount.</summary>
    public static MountRequest Bind(string source, string target) =>
        new()
        {
            Kind = MountKind.Bind,
            Source = source,
            Target = target,
        };
}
