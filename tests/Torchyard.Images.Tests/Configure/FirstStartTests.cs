using System.Text.Json;
using Torchyard.Images.Debian.Configure;

namespace Torchyard.Images.Tests.Configure;

public sealed class FirstStartTests
{
    [Fact]
    public void Only_packages_with_secrets_or_databases_have_steps_and_certificates_come_first()
    {
        var steps = FirstStart.Of([
            "zlib1g",
            "postgresql-common",
            "postgresql-17",
            "postgresql",
            "mariadb-server-core",
            "mariadb-server-10.5",
            "ssl-cert",
            "munge",
        ]);

        Assert.Equal(["ssl-cert", "munge", "mariadb-server-10.5", "postgresql-17"], steps.Select(step => step.Package));
        Assert.Equal("/etc/postgresql/17/main/postgresql.conf", steps[^1].Makes);
        Assert.Contains("etc/munge/munge.key", steps[1].Removed);
    }

    [Fact]
    public void The_document_has_what_the_supervisor_reads()
    {
        using var document = JsonDocument.Parse(FirstStart.Document(FirstStart.Of(["munge", "slapd"])));

        var root = document.RootElement;
        Assert.Equal(1, root.GetProperty("version").GetInt32());
        Assert.Equal(["munge", "slapd"], root.GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("name").GetString()!));
        Assert.All(root.GetProperty("steps").EnumerateArray(), step =>
        {
            Assert.StartsWith("/", step.GetProperty("makes").GetString(), StringComparison.Ordinal);
            Assert.NotEmpty(step.GetProperty("command").GetString()!);
            Assert.Equal(3, step.EnumerateObject().Count());
        });
    }
}
