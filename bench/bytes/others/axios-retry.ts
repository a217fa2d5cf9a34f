import axios from 'axios'
import retry from 'axios-retry'

retry(axios)

export default axios
