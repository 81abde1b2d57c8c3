using System.Text;
using Torchyard.Containers.Cgroups;
using Torchyard.Containers.Launch;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Runtimes;
using Torchyard.Containers.Sessions;
using Torchyard.Containers.State;

namespace Torchyard.Containers.Tests.Runtimes;

/// <summary>What crun 1.8 to 1.21 and runc 1.1 to 1.3 print when a program does not start, and what users are told.</summary>
public class RuntimeWordsTests
{
    private const string Json =
        "{\"msg\":\"exec container process `/ns`: Exec format error\",\"level\":\"error\",\"time\":\"2026-11-29T22:56:19.079927Z\"}";

    [Theory]
    [InlineData("TY4041", "executable file `nosuch` not found in $PATH: No such file or directory")]
    [InlineData(
        "TY4041",
        "unable to start container process: error during container init: exec: \"nosuch\": executable file not found in $PATH"
    )]
    [InlineData("TY4041", "exec: No such file or directory")]
    [InlineData(
        "TY4041",
        "{\"msg\":\"exec container process (missing dynamic library?) `/x`: No such file or directory\",\"level\":\"error\",\"time\":\"t\"}"
    )]
    [InlineData("TY4042", "open executable: Permission denied")]
    [InlineData("TY4042", "open executable: Operation not permitted")]
    [InlineData("TY4042", "exec: \"/etc\": is a directory")]
    [InlineData("TY4042", "exec: Exec format error")]
    [InlineData("TY4042", Json)]
    [InlineData("TY4067", "chdir `/etc/passwd`: Not a directory")]
    [InlineData("TY4067", "chdir: chdir to `/nope`: No such file or directory")]
    [InlineData(
        "TY4067",
        "runc create failed: unable to start container process: error during container init: chdir to cwd (\"/root\") set in config.json "
            + "failed: permission denied"
    )]
    [InlineData("TY4066", "sethostname: Invalid argument")]
    [InlineData(
        "TY4068",
        "{\"msg\":\"exec container process `/usr/lib/torchyard/supervisor`: Argument list too long\",\"level\":\"error\",\"time\":\"t\"}"
    )]
    [InlineData("TY4069", "{\"msg\":\"exec container process `/x`: Resource temporarily unavailable\",\"level\":\"error\",\"time\":\"t\"}")]
    [InlineData("TY4069", "fork: Resource temporarily unavailable")]
    [InlineData("TY4093", "torchyard: TY4093: nothing can be mounted at /opt: it is there; choose another target")]
    [InlineData("TY4043", "mount `proc` to `proc`: Operation not permitted")]
    [InlineData("TY4043", "{\"msg\":\"something new\",\"level\":\"error\",\"time\":\"t\"}")]
    public void A_message_of_a_runtime_becomes_words(string code, string said)
    {
        var failure = StartFailure.From(Container, said);

        Assert.Equal(code, failure.Code);
        Assert.DoesNotContain("{\"", failure.Message, StringComparison.Ordinal);
        if (code is not ("TY4093" or "TY4068"))
        {
            // For --verbose.
            Assert.Contains(said, failure.InnerException!.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(Json + "\n", "")]
    [InlineData(Json, "")]
    [InlineData(Json + "\nmore\n", "more\n")]
    public void A_record_of_the_runtime_is_not_the_programs_output(string printed, string passed)
    {
        foreach (var piece in new[] { 1, 7, 10_000 })
        {
            var (words, output) = Pass(printed, piece, failed: false);

            Assert.Equal("exec container process `/ns`: Exec format error", words.Message);
            Assert.Equal(passed, output);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello\n")]
    [InlineData("{\"msg\":\"a program's own log\",\"level\":\"info\"}\n")]
    [InlineData("{\"msg\":\"no end")]
    [InlineData("{\"level\":\"error\",\"msg\":\"x\"}\n")]
    [InlineData("exec: is a word of the program\n")]
    [InlineData("exec: and another\nline\n")]
    [InlineData("ex")]
    public void What_a_program_prints_arrives_whole(string printed)
    {
        foreach (var piece in new[] { 1, 7, 10_000 })
        {
            var (words, output) = Pass(printed, piece, failed: false);

            Assert.Null(words.Message);
            Assert.Equal(printed, output);
        }
    }

    [Fact]
    public void A_line_of_the_runtime_is_dropped_when_its_log_says_that_nothing_was_started() =>
        Assert.Equal("", Pass("executable file `nosuch` not found in $PATH: No such file or directory\n", 5, failed: true).Output);

    private static (RuntimeWords Words, string Output) Pass(string printed, int piece, bool failed)
    {
        var output = new List<byte>();
        var words = new RuntimeWords(data =>
        {
            output.AddRange(data);
            return true;
        });
        foreach (var part in Encoding.UTF8.GetBytes(printed).Chunk(piece))
        {
            words.Pass(part);
        }

        words.End(failed);
        return (words, Encoding.UTF8.GetString([.. output]));
    }

    private static ContainerRecord Container =>
        new()
        {
            Id = new string('a', 64),
            Name = "c",
            ImageName = "i",
            ImageDigest = "sha256:" + new string('0', 64),
            Created = 0,
            Command = ["/x"],
            Labels = new Dictionary<string, string>(),
            Runtime = new OciRuntime(OciRuntimeKind.Crun, ["/usr/bin/crun"]),
            Rootless = false,
            CallerInside = 1000,
            FullMapping = true,
            Network = NetworkMode.Host,
            Ports = [],
            Limits = new EffectiveLimits
            {
                Memory = 1 << 30,
                Cpus = 1,
                SharedMemory = 1 << 20,
                Processes = 100,
            },
            NotEnforced = [],
            Remove = false,
            Terminal = false,
            Interactive = false,
            StopSignal = "SIGTERM",
            StopTimeout = 10,
            Cgroups = new Dictionary<string, string>(),
            RuntimeCgroup = false,
            Mounts = [],
        };
}
