using Torchyard.Flows.Starting;

namespace Torchyard.Flows.Tests.Starting;

public sealed class SshHostEntryTests
{
    [Fact]
    public void Two_projects_on_one_port_have_nothing_in_common_but_the_port()
    {
        var one = Entry("one", "/store/containers/1/known_hosts").Text.Split('\n');
        var two = Entry("two", "/store/containers/2/known_hosts").Text.Split('\n');

        foreach (var key in new[] { "Host ", "  HostKeyAlias ", "  UserKnownHostsFile " })
        {
            Assert.NotEqual(Assert.Single(one, Begins), Assert.Single(two, Begins));
            bool Begins(string line) => line.StartsWith(key, StringComparison.Ordinal);
        }

        foreach (
            var line in new[]
            {
                "  StrictHostKeyChecking yes",
                "  CheckHostIP no",
                "  UpdateHostKeys no",
                "  GlobalKnownHostsFile /dev/null",
            }
        )
        {
            Assert.Contains(line, one);
        }
    }

    [Fact]
    public void A_path_of_a_project_cannot_add_a_line() =>
        Assert.DoesNotContain((Entry("one", "/k") with { Project = "/work/a\nProxyCommand evil" }).Text.Split('\n'), line =>
            line.StartsWith("ProxyCommand", StringComparison.Ordinal)
        );

    [Fact]
    public void The_users_own_key_is_left_to_ssh()
    {
        Assert.DoesNotContain("Identit", (Entry("one", "/k") with { PrivateKey = null }).Text, StringComparison.Ordinal);
        Assert.Contains("  IdentityFile /store/id\n  IdentitiesOnly yes\n", Entry("one", "/k").Text, StringComparison.Ordinal);
    }

    private static SshHostEntry Entry(string name, string knownHosts) =>
        new()
        {
            Name = name,
            Address = new ServiceAddress("127.0.0.1", 2222, Tls: false, BeyondLoopback: false),
            KnownHosts = knownHosts,
            PrivateKey = "/store/id",
            Project = "/work/" + name,
        };
}
