"""Pushes a day with the DHIS2 client from PyPI as it comes, and reads it back: dhis2_client.py ADDRESS NAME PASSWORD."""

import sys

from dhis2 import Api, RequestException

api = Api(sys.argv[1], sys.argv[2], sys.argv[3])
assert api.version_int == 41, api.version
assert api.get("me").json()["username"] == sys.argv[2]
units = [unit["id"] for page in api.get_paged("organisationUnits", page_size=1) for unit in page["organisationUnits"]]
assert units == ["371772001"], units
(data_set,) = api.get("dataSets", params={"paging": False}).json()["dataSets"]
assert data_set["id"] == "constitution-2025", data_set

values = [
    {"dataElement": "materials", "categoryOptionCombo": "《宪法》", "value": "1200"},
    {"dataElement": "banners", "value": "6"},
]
for value in values:
    value.update({"period": "20251204", "orgUnit": units[0]})
done = api.post("dataValueSets", json={"dataSet": data_set["id"], "dataValues": values}).json()
assert done["response"]["importCount"]["imported"] == 2, done
params = {"dataSet": data_set["id"], "period": "20251204", "orgUnit": units[0]}
read = api.get("dataValueSets", params=params).json()["dataValues"]
assert [(value["dataElement"], value["value"]) for value in read] == [("materials", "1200"), ("banners", "6")], read

try:
    api.post("dataValueSets", json={"dataValues": [{**values[0], "dataElement": "leaflets"}]})
    raise AssertionError("an unknown data element is refused")
except RequestException as refused:
    assert refused.code == 409 and "leaflets" in refused.description, refused
print("pushed and read back")
