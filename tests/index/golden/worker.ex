defmodule Shop.Worker do
  @moduledoc "Works on jobs."
  use GenServer
  alias Shop.{Job, Queue}
  import Shop.Log, only: [info: 1]

  @limit 10

  defstruct [:name, :jobs]

  # agent: stop when the queue is empty
  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts)
  end

  def handle_call({:run, job}, _from, state) when is_map(state) do
    info("run #{job.name}")
    {:reply, perform(Job.new(job)), state}
  end

  defp perform(job), do: Queue.push(job)

  defmacro twice(code) do
    quote do: (unquote(code); unquote(code))
  end

  defmodule Inner do
    def id, do: 1
  end
end
